/** A recording's bins, fetched tile by tile as they come into view and kept for a while. */

import { bins } from "./review_api.js";

const RAW_BINS = 4096; // in a tile of samples: 8 s, 98 kB of twelve leads
const PAIR_BINS = 1024; // in a tile of least and greatest: 49 kB
const MOST_KEPT = 96; // tiles: some 6 MB
const MOST_AT_ONCE = 4; // requests
const TRY_AGAIN_MS = 3000; // after one failed

export class TileSource {
  /** `changed()` is called when something came; `failed(error)` when it did not. */
  constructor(name, changed, failed) {
    this._name = name;
    this._changed = changed;
    this._failed = failed;
    this._kept = new Map(); // "step/index" -> tile, the latest used last
    this._asked = new Map(); // the same key -> AbortController
    this._refusedUntil = 0;
    this._revision = 0; // of the recording on disk: what was coarse or not whole then may be more now
  }

  /** More of the recording, or of its tiles, is there than before. */
  renew() {
    this._revision++;
  }

  close() {
    for (const asked of this._asked.values()) asked.abort();
    this._asked.clear();
    this._kept.clear();
  }

  /** What is there of samples `first` to `last` in bins of `step`: [{from, to, tile}], coarser where it has not come yet. */
  within(step, first, last, samples) {
    const size = step * (step === 1 ? RAW_BINS : PAIR_BINS), wanted = [], out = [];
    for (let k = Math.max(0, Math.floor(first / size)); k * size < Math.min(last, samples); k++) {
      const key = `${step}/${k}`, tile = this._use(key), to = Math.min((k + 1) * size, samples);
      if (!tile || this._old(tile, to)) wanted.push({ key, from: k * size, size, step });
      out.push({ from: k * size, to, tile: tile ?? this._coarser(step, k * size, to) });
    }
    this._ask(wanted);
    return out.filter((piece) => piece.tile);
  }

  get busy() { return this._asked.size > 0; }

  _use(key) {
    const tile = this._kept.get(key);
    if (tile) {
      this._kept.delete(key);
      this._kept.set(key, tile);
    }
    return tile;
  }

  _old(tile, to) {
    return tile.revision < this._revision && (!tile.exact || tile.first + tile.bins * tile.step < to);
  }

  _coarser(step, from, to) {
    for (let larger = 2 * step; larger <= 256 * step; larger *= 2) {
      const size = larger * PAIR_BINS, tile = this._kept.get(`${larger}/${Math.floor(from / size)}`);
      if (tile && tile.first + tile.bins * tile.step >= to) return tile;
    }
    return null;
  }

  _ask(wanted) {
    const keys = new Set(wanted.map((one) => one.key));
    for (const [key, asked] of this._asked) {
      if (!keys.has(key)) { // scrolled past meanwhile
        asked.abort();
        this._asked.delete(key);
      }
    }
    if (performance.now() < this._refusedUntil) return;
    for (const one of wanted) {
      if (this._asked.size >= MOST_AT_ONCE) break;
      if (!this._asked.has(one.key)) this._fetch(one);
    }
  }

  async _fetch({ key, from, size, step }) {
    const asked = new AbortController(), revision = this._revision;
    this._asked.set(key, asked);
    try {
      const tile = await bins(this._name, from, from + size, size / step, null, asked.signal);
      this._kept.set(key, Object.assign(tile, { revision }));
      while (this._kept.size > MOST_KEPT) this._kept.delete(this._kept.keys().next().value);
    } catch (error) {
      if (error.name === "AbortError") return;
      this._refusedUntil = performance.now() + TRY_AGAIN_MS;
      setTimeout(() => this._changed(), TRY_AGAIN_MS + 50);
      this._failed(error);
    } finally {
      if (this._asked.get(key) === asked) this._asked.delete(key);
    }
    this._changed();
  }
}
