/**
 * The traces: what is drawn of the ring, column by column of the screen.
 *
 * `drawColumns` draws one lead; `Traces` keeps a canvas of them going, and in each frame draws only the columns that are new.
 * Nothing here makes an object a frame. A column is one device pixel; columns are counted from sample 0, so that a sample's
 * column depends on nothing but the scale.
 */

import { HOLE } from "./ring.js";
import { ORIGINS, Z90, drawPaper, layout, sized } from "./paper.js";
import { ABSENT_UV } from "./frames.js";

const ERASER_MM = 6; // empty before the newest column, where a sweep writes over the last one
const HATCH_MM = 2; // between two lines of it
const MISSING_MM = 3; // high, on each side of 0 mV, where one lead is missing
const RECONSTRUCTED = 3;
const SOFT_PX = 4; // device pixels; half of the widest line
const MV = 1000; // uV
const BEATS = 64; // kept, to be drawn again

/**
 * Draws columns `first` up to `last` of a lead onto `context`, at x = column - `zero`.
 *
 * `scale`: {pps: columns a sample, ppmv: pixels a mV, mm, ratio: device pixels a CSS pixel, colour: as paper.colours()}.
 * `top`, `bottom`: of the pane, for holes. `joined`: to the sample before them, which is drawn already.
 */
export function drawColumns(context, ring, lead, baseline, zero, first, last, scale, top, bottom, joined = true) {
  const { pps } = scale;
  const from = Math.max(Math.ceil(first / pps) - (joined ? 1 : 0), ring.end - ring.size);
  const to = Math.min(Math.ceil(last / pps) - 1, ring.end - 1);
  if (to < from) return;
  const base = lead * ring.size, code = ring.origin[base + (from & ring.mask)];
  if (sameOrigin(ring, base, from, to, code)) {
    drawRun(context, ring, base, baseline, zero, first, last, from, to, code, scale, top, bottom);
    return;
  }
  let begun = from, now = code; // a lead that changes its origin is drawn in runs
  for (let s = from + 1; s <= to + 1; s++) {
    const next = s <= to ? ring.origin[base + (s & ring.mask)] : -1;
    if (next === now) continue;
    const left = Math.max(first, Math.floor(begun * pps)), right = Math.min(last, Math.floor(s * pps));
    drawRun(context, ring, base, baseline, zero, left, right, begun, s - 1, now, scale, top, bottom);
    begun = s;
    now = next;
  }
}

function sameOrigin(ring, base, from, to, code) {
  for (let s = from + 1; s <= to; s++) if (ring.origin[base + (s & ring.mask)] !== code) return false;
  return true;
}

function drawRun(context, ring, base, baseline, zero, first, last, from, to, code, scale, top, bottom) {
  if (code === HOLE) {
    drawHatch(context, zero, first, last, top, bottom, scale);
    return;
  }
  if (code === RECONSTRUCTED) drawBand(context, ring, base, baseline, zero, first, last, from, to, scale);
  const missing = drawLine(context, ring, base, baseline, zero, from, to, code, scale);
  if (missing) hatchMissing(context, ring, base, baseline, zero, first, last, from, to, scale);
}

/** Returns whether a sample of it is missing. */
function drawLine(context, ring, base, baseline, zero, from, to, code, scale) {
  const { uv, mask } = ring, { pps, ppmv } = scale;
  let down = false, missing = false;
  context.strokeStyle = scale.colour.trace[code];
  context.lineWidth = Math.max(1, ORIGINS[code].width * scale.ratio);
  context.lineJoin = context.lineCap = "round";
  context.beginPath();
  for (let s = from; s <= to; s++) {
    const value = uv[base + (s & mask)];
    if (value === ABSENT_UV) {
      down = false;
      missing = true;
      continue;
    }
    const x = s * pps - zero, y = baseline + 0.5 - (value / MV) * ppmv;
    if (down) context.lineTo(x, y);
    else context.moveTo(x, y);
    down = true;
  }
  context.stroke();
  return missing;
}

/** The 90 % interval, a column at a time: all that the samples of it leave possible. */
function drawBand(context, ring, base, baseline, zero, first, last, from, to, scale) {
  const { uv, sd, mask } = ring, { pps, ppmv } = scale;
  context.fillStyle = scale.colour.band;
  for (let column = first; column < last; column++) {
    const until = Math.min(to, Math.floor((column + 1) / pps));
    let low = Infinity, high = -Infinity;
    for (let s = Math.max(from, Math.floor(column / pps)); s <= until; s++) {
      const at = base + (s & mask), value = uv[at];
      if (value === ABSENT_UV) continue;
      low = Math.min(low, value - Z90 * sd[at]);
      high = Math.max(high, value + Z90 * sd[at]);
    }
    if (high > low) context.fillRect(column - zero, baseline - (high / MV) * ppmv, 1, ((high - low) / MV) * ppmv);
  }
}

function hatchMissing(context, ring, base, baseline, zero, first, last, from, to, scale) {
  const reach = MISSING_MM * scale.mm;
  for (let column = first; column < last; column++) {
    const s = Math.min(to, Math.max(from, Math.floor((column + 0.5) / scale.pps)));
    if (ring.uv[base + (s & ring.mask)] !== ABSENT_UV) continue;
    drawHatch(context, zero, column, column + 1, baseline - reach, baseline + reach, scale);
  }
}

/** Lines aslant that go on from column to column, whenever each is drawn. */
function drawHatch(context, zero, first, last, top, bottom, scale) {
  const every = HATCH_MM * scale.mm, thick = Math.max(1, Math.round(scale.mm / 3));
  context.fillStyle = scale.colour.hatch;
  for (let column = first; column < last; column++) {
    const offset = every - (column % every); // up to the right
    for (let y = top + ((offset - (top % every) + every) % every); y < bottom; y += every) {
      context.fillRect(column - zero, y, 1, thick);
    }
  }
}

export class Traces {
  /** `under`: the canvas of the paper; `over`: of the traces, above it. */
  constructor(under, over, ring) {
    this.under = under;
    this.over = over;
    this.ring = ring;
    this.plan = null;
    this.drawn = null; // columns
    this.scrolls = false;
    this.beats = { at: new Float64Array(BEATS).fill(-1), kind: new Uint8Array(BEATS), count: 0 };
  }

  /** Lays everything out anew. `look`: {layout, mmPerS, mmPerMv, mode}; width and height in CSS pixels; returns the plan. */
  arrange(look, width, height, mm, rate, colour, ratio = globalThis.devicePixelRatio || 1) {
    const wide = Math.floor(width * ratio);
    this.plan = layout(look.layout, wide, Math.floor(height * ratio), mm, look.mmPerS);
    this.scale = { mm, ratio, colour, pps: (look.mmPerS * mm) / rate, ppmv: look.mmPerMv * mm };
    this.scrolls = look.mode === "scroll";
    drawPaper(sized(this.under, wide, this.plan.height, { alpha: false }), this.plan, wide, mm, look.mmPerS, look.mmPerMv, colour);
    this.context = sized(this.over, wide, this.plan.height);
    this.redraw();
    return this.plan;
  }

  /** Draws up to sample `head`: what is new of it, where it goes on from before. Returns whether anything was drawn. */
  advance(head) {
    const columns = Math.floor(head * this.scale.pps);
    if (this.drawn === null || columns < this.drawn || columns - this.drawn >= this.widest()) {
      this.drawn = columns;
      this.redraw();
      return true;
    }
    if (columns === this.drawn) return false;
    for (let k = 0; k < this.plan.panes.length; k++) this.extend(this.plan.panes[k], this.drawn, columns);
    this.drawn = columns;
    return true;
  }

  widest() {
    return this.plan.panes[this.plan.panes.length - 1].width;
  }

  /** Another run, another axis: nothing is drawn yet. */
  restart() {
    this.drawn = null;
    this.beats.at.fill(-1);
    if (this.plan) this.redraw();
  }

  redraw() {
    this.context.clearRect(0, 0, this.over.width, this.over.height);
    if (this.drawn === null || this.ring.end === null) return;
    for (const pane of this.plan.panes) {
      const room = this.scrolls ? 0 : ERASER_MM * this.scale.mm;
      const oldest = Math.ceil(Math.max(this.ring.first, this.ring.end - this.ring.size) * this.scale.pps);
      const first = Math.max(this.drawn - pane.width + room, oldest);
      if (first < this.drawn) this.stretch(pane, first, this.drawn);
    }
  }

  extend(pane, first, last) {
    if (this.scrolls) this.shift(pane, last - first);
    else this.erase(pane, first, last);
    this.stretch(pane, Math.max(first, last - pane.width), last);
  }

  /** Columns of a pane, where they belong. A sweep's may go over the pane's end. */
  stretch(pane, first, last) {
    if (this.scrolls) {
      this.columns(pane, first, last, last - pane.width, true);
      return;
    }
    for (let from = first; from < last; ) {
      const lap = Math.floor(from / pane.width) * pane.width, until = Math.min(last, lap + pane.width);
      this.columns(pane, from, until, lap, from > lap);
      from = until;
    }
  }

  columns(pane, first, last, lap, joined) {
    const zero = lap - pane.x, bottom = pane.y + pane.height;
    for (let k = 0; k < pane.leads.length; k++) {
      const { lead, baseline, top } = pane.leads[k], below = k + 1 < pane.leads.length ? pane.leads[k + 1].top : bottom;
      drawColumns(this.context, this.ring, lead, baseline, zero, first, last, this.scale, top, below, joined);
    }
    for (let k = 0; k < BEATS; k++) {
      const column = Math.floor(this.beats.at[k] * this.scale.pps);
      if (this.beats.at[k] >= 0 && column >= first && column < last) this.mark(pane, column - zero, this.beats.kind[k]);
    }
  }

  /** A beat's tick at the top of a pane, and its class where it is not an ordinary one. */
  mark(pane, x, kind) {
    const { mm, colour } = this.scale;
    this.context.fillStyle = colour.ink;
    this.context.fillRect(x, pane.y, Math.max(1, Math.round(mm / 3)), 1.5 * mm);
    if (kind === 78) return; // N
    this.context.font = `600 ${3 * mm}px system-ui, sans-serif`;
    this.context.textBaseline = "top";
    this.context.fillText(String.fromCharCode(kind), x + mm, pane.y + 0.3 * mm);
  }

  /** A beat at `sample`, of a class such as "N" or "V"; it may lie before what is drawn, or be still to come. */
  beat(sample, kind) {
    const at = this.beats.count++ % BEATS;
    this.beats.at[at] = sample;
    this.beats.kind[at] = kind.charCodeAt(0) || 81; // Q: not known
    if (this.drawn === null || !this.plan) return;
    const column = Math.floor(sample * this.scale.pps);
    for (const pane of this.plan.panes) {
      const behind = this.drawn - column;
      if (behind <= 0 || behind >= pane.width - (this.scrolls ? 0 : ERASER_MM * this.scale.mm)) continue;
      const x = this.scrolls ? pane.width - behind : column % pane.width;
      this.mark(pane, pane.x + x, this.beats.kind[at]);
    }
  }

  /** Clears what the newest columns take from the last lap, keeping the room before them. */
  erase(pane, first, last) {
    const room = ERASER_MM * this.scale.mm;
    for (let from = first + room, until = last + room; from < until; ) {
      const lap = Math.floor(from / pane.width) * pane.width, to = Math.min(until, lap + pane.width);
      const before = from === lap ? SOFT_PX : 0; // where a line's round end stood out of the pane
      this.context.clearRect(pane.x + from - lap - before, pane.y, to - from + before, pane.height);
      from = to;
    }
  }

  shift(pane, by) {
    const { context } = this, { x, y, width, height } = pane;
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.globalCompositeOperation = "copy";
    if (by < width) context.drawImage(this.over, x + by, y, width - by, height, x, y, width - by, height);
    else context.clearRect(x, y, width, height);
    context.restore();
  }
}
