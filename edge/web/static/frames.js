/** What the server says (WIRE.md): a message is frames back to back, each of 8 bytes and a payload. */

const HEAD = 8; // bytes
const VERSION = 1; // frames of a later one are left out, by their length
const BLOCK_HEAD = 44; // bytes of a block's payload before its samples
export const ABSENT_UV = -32768;
export const ABSENT_SD_UV = 65535;
export const UNKNOWN_QUALITY = 255;
const JSON_NAMES = Object.freeze({ 1: "hello", 4: "state", 5: "event", 6: "over", 7: "skipped" });
const text = new TextDecoder();

/**
 * Calls `take[name](payload)` for every frame of a message (an ArrayBuffer), in turn: hello, state, event, over and skipped
 * with an object, block and hole as `blockAt` and `holeAt` read them. Names that `take` lacks are left out. What is cut
 * short, is no JSON or has another length than it says ends the message: returns how many frames were taken.
 */
export function eachFrame(message, take) {
  const view = new DataView(message);
  let at = 0, taken = 0;
  while (at + HEAD <= message.byteLength) {
    const type = view.getUint8(at), bytes = view.getUint32(at + 4, true), payload = at + HEAD;
    at = payload + bytes;
    if (at > message.byteLength) return taken;
    if (view.getUint8(payload - HEAD + 1) !== VERSION) continue;
    const [name, told] = read(view, type, payload, bytes);
    if (told === null) return taken;
    if (name && take[name]) take[name](told);
    taken += 1;
  }
  return taken;
}

function read(view, type, payload, bytes) {
  if (type === 2) return ["block", blockAt(view, payload, bytes)];
  if (type === 3) return ["hole", bytes < 16 ? null : { start: int64(view, payload), n: int64(view, payload + 8) }];
  const name = JSON_NAMES[type];
  if (!name) return ["", undefined];
  try {
    return [name, JSON.parse(text.decode(new Uint8Array(view.buffer, payload, bytes)))];
  } catch {
    return [name, null];
  }
}

/** {start, n, told_ms, sdStep, enrolled, origin (12), quality (12), uv (12 x n, lead by lead), sd (12 x m)}: views, not copies. */
function blockAt(view, at, bytes) {
  if (bytes < BLOCK_HEAD) return null;
  const n = view.getUint16(at + 16, true), sdStep = view.getUint8(at + 18) || 1;
  const m = Math.ceil(n / sdStep);
  if (bytes < BLOCK_HEAD + 24 * n + 24 * m) return null;
  return {
    start: int64(view, at),
    told_ms: view.getFloat64(at + 8, true),
    n,
    sdStep,
    enrolled: (view.getUint8(at + 19) & 1) === 1,
    origin: new Uint8Array(view.buffer, at + 20, 12),
    quality: new Uint8Array(view.buffer, at + 32, 12),
    uv: new Int16Array(view.buffer, at + BLOCK_HEAD, 12 * n),
    sd: new Uint16Array(view.buffer, at + BLOCK_HEAD + 24 * n, 12 * m),
  };
}

/** Exact up to 2^53, which at 500 Hz is half a million years. */
function int64(view, at) {
  return view.getUint32(at, true) + view.getInt32(at + 4, true) * 2 ** 32;
}
