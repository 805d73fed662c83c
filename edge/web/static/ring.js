/** The last seconds of twelve leads, by sample: values, their spread and where they come from. */

import { ABSENT_SD_UV, ABSENT_UV } from "./frames.js";

const LEADS = 12;
export const HOLE = 4; // beside the wire's origins 0 to 3: of this sample there is nothing at all

export class Ring {
  /** Holds 2 ** `bits` samples a lead: 16384 are 32 s at 500 Hz, more than any screen shows and any server sends again. */
  constructor(bits = 14) {
    this.size = 2 ** bits;
    this.mask = this.size - 1;
    this.uv = new Int16Array(LEADS * this.size).fill(ABSENT_UV);
    this.sd = new Uint16Array(LEADS * this.size);
    this.origin = new Uint8Array(LEADS * this.size).fill(HOLE);
    this.end = null; // one past the newest sample; null before the first
    this.first = 0;
  }

  /** A stretch of signal; what lies between it and the newest before it is a hole. Older than what is held: left out. */
  put(block, shift = 0) {
    const start = block.start + shift, { n } = block;
    if (!this.reach(start, n)) return;
    const skip = Math.max(0, this.end - this.size - start); // older than what is held
    const nothing = block.origin.every((code) => code === 0);
    const spreads = Math.ceil(n / block.sdStep);
    for (let lead = 0; lead < LEADS; lead++) {
      const at = lead * this.size, code = nothing ? HOLE : block.origin[lead];
      this.copy(this.uv, at, start + skip, block.uv.subarray(lead * n + skip, (lead + 1) * n));
      this.spread(at, start, n, skip, block.sdStep, block.sd, lead * spreads, spreads);
      this.fill(this.origin, at, start + skip, n - skip, code);
    }
  }

  /** The sd of `step` samples each, on straight lines from the middle of one to the middle of the next. */
  spread(at, start, n, skip, step, sd, from, count) {
    const known = (k) => (sd[from + k] === ABSENT_SD_UV ? 0 : sd[from + k]), half = step / 2;
    const before = at + ((start - 1) & this.mask), goesOn = this.origin[before] !== HOLE && start > this.first;
    for (let k = 0, s = 0; k <= count; k++) {
      const middle = k < count ? Math.min(n, k * step + half) : n;
      const left = k ? known(k - 1) : goesOn ? this.sd[before] : known(0), right = known(Math.min(k, count - 1));
      const begun = k ? (k - 1) * step + half : 0, long = middle - begun || 1;
      for (; s < middle; s++) if (s >= skip) this.sd[at + ((start + s) & this.mask)] = left + ((right - left) * (s - begun)) / long;
    }
  }

  /** Nothing from `start` on, for `n` samples. */
  hole(start, n) {
    if (!this.reach(start, n)) return;
    const from = Math.max(start, this.end - this.size);
    for (let lead = 0; lead < LEADS; lead++) {
      this.fill(this.uv, lead * this.size, from, start + n - from, ABSENT_UV);
      this.fill(this.origin, lead * this.size, from, start + n - from, HOLE);
    }
  }

  /** Makes room up to `start` + `n`; whether any of it is to be kept. */
  reach(start, n) {
    const end = start + n;
    if (this.end === null) {
      this.first = start;
      this.end = start;
    }
    if (n <= 0 || end <= this.end - this.size) return false;
    if (start > this.end) {
      const from = this.end;
      this.end = start;
      this.hole(from, start - from);
    }
    this.end = Math.max(this.end, end);
    return true;
  }

  copy(into, at, start, values) {
    const from = start & this.mask, before = Math.min(values.length, this.size - from);
    into.set(before === values.length ? values : values.subarray(0, before), at + from);
    if (before < values.length) into.set(values.subarray(before), at);
  }

  fill(into, at, start, n, value) {
    const from = start & this.mask, before = Math.min(n, this.size - from);
    into.fill(value, at + from, at + from + before);
    if (before < n) into.fill(value, at, at + n - before);
  }
}
