/** What the server tells of recordings. Every failure is an Error whose message is for people. */

const HEAD_BYTES = 24;
const MAGIC = 0x57474445; // "EDGW"
export const MISSING = -32768; // uV: not there

async function answer(path, options) {
  let got;
  try {
    got = await fetch(`api/recordings${path}`, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("the server does not answer: is it still running?");
  }
  if (got.ok) return got;
  let words = `the server says ${got.status}`;
  try {
    words = (await got.json()).error ?? words;
  } catch { /* no JSON: the number is all there is */ }
  const error = new Error(words);
  error.status = got.status;
  throw error;
}

export async function json(path) {
  return (await answer(path)).json();
}

export const of = (name) => `/${encodeURIComponent(name)}`;

/**
 * Bins of a window: {first, step, exact, bins, width, leads: Int16Array for each}; `width` 1: samples, 2: least and
 * greatest in turn.
 */
export async function bins(name, first, last, px, leads, signal) {
  const names = leads ? `&leads=${encodeURIComponent(leads.join(","))}` : "";
  const got = await answer(`${of(name)}/window?first=${first}&last=${last}&px=${px}${names}`, { signal });
  const data = await got.arrayBuffer(), head = new DataView(data);
  if (head.getUint32(0, true) !== MAGIC) throw new Error("the server and this page are of different versions: reload it");
  const width = head.getUint8(4) + 1, count = head.getUint16(6, true), step = head.getUint32(8, true);
  const each = head.getUint32(12, true) * width;
  const uv = Array.from({ length: count }, (_, k) => new Int16Array(data, HEAD_BYTES + 2 * k * each, each));
  return { first: head.getFloat64(16, true), step, exact: head.getUint8(5) === 1, bins: each / width, width, leads: uv };
}
