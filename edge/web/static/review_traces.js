/** Draws the stretch that is shown: paper, traces, holes, and above them rhythm, beats and alerts. Device pixels. */

import { MISSING } from "./review_api.js";
import { clock, niceStep, RecordClock, tickWords, ticks } from "./review_clock.js";
import { LEADS, hatch, sized } from "./paper.js";
import { alertWords, rhythmWords } from "./words.js";

const HEAD_MM = 9; // alerts, rhythm and beats, each a third
const FOOT_MM = 5; // the clock
const LEAST_ROW_MM = 9;
const MOST_ROW_MM = 60;
const MAJOR_MM = 4.5; // between two strong lines of the grid, at least
const LEVEL_PX = 0.3; // nobody sees less
const DENSE_S = 0.03; // a pixel, from which on beats run together
const TICK_MM = 18; // between two times
const CODES = { unavailable: 0, measured: 1, derived: 2, reconstructed: 3 }; // as paper.js has them
const WIDTHS = [1, 1.6, 1.15, 1.35]; // CSS pixels by origin's code

/** Where what lies: {rows: [{lead, column, top, baseline}], head, foot, height, rowHeight}. `shown`: columns of the record. */
export function plan(record, shown, height, mm) {
  const room = height - (HEAD_MM + FOOT_MM) * mm;
  const rowMm = Math.max(LEAST_ROW_MM, Math.min(MOST_ROW_MM, Math.floor(room / shown.length / mm)));
  const rows = shown.map((column, k) => {
    const top = (HEAD_MM + k * rowMm) * mm;
    return { column, lead: record.leads[column].name, top, baseline: top + Math.round(rowMm * 0.55) * mm };
  });
  const foot = (HEAD_MM + shown.length * rowMm) * mm;
  return { rows, head: HEAD_MM * mm, foot, rowHeight: rowMm * mm, height: foot + FOOT_MM * mm };
}

export class TracePicture {
  constructor(canvas, record) {
    this._canvas = canvas;
    this._record = record;
  }

  /** `pieces`: as TileSource.within; `marks`: {rhythms, beats}; `alerts`: those to show; `chosen`: one of them or null. */
  draw({ view, layout, pieces, marks, alerts, chosen, colour, own, mmPerMv, ratio }) {
    const context = sized(this._canvas, view.width, layout.height, { alpha: false }, ratio);
    Object.assign(this, { _c: context, _view: view, _plan: layout, _colour: colour, _own: own, _ratio: ratio });
    this._perMv = mmPerMv * view.mm;
    this._grid();
    this._holes();
    for (const row of layout.rows) this._row(row, pieces);
    this._head(marks, alerts, chosen);
    this._foot();
  }

  _grid() {
    const { _c: c, _view: view, _plan: { head, foot, height }, _colour: colour } = this, mm = view.mm;
    c.fillStyle = colour.paper;
    c.fillRect(0, 0, view.width, height);
    const perS = view.mmPerS * mm, major = niceStep((MAJOR_MM * mm) / perS);
    const thin = Math.max(1, Math.round(mm / 9)), strong = Math.max(1, Math.round(mm / 6));
    const upright = (everyS, thick, style) => {
      const every = everyS * view.rate;
      c.fillStyle = style;
      for (let n = Math.ceil(view.first / every); n * every <= view.last; n++) {
        c.fillRect(Math.round(view.x(n * every)), head, thick, foot - head);
      }
    };
    const across = (every, thick, style) => {
      c.fillStyle = style;
      for (let y = head; y <= foot; y += every) c.fillRect(0, y, view.width, thick);
    };
    upright(major / 5, thin, colour.minor);
    across(mm, thin, colour.minor);
    upright(major, strong, colour.major);
    across(5 * mm, strong, colour.major);
  }

  _holes() {
    const { _c: c, _view: view, _plan: { head, foot }, _colour: colour } = this;
    const show = (from, to, words) => {
      const a = Math.max(0, view.x(from)), b = Math.min(view.width, view.x(to));
      if (b <= a) return;
      hatch(c, a, head, Math.max(1, b - a), foot - head, view.mm, colour);
      this._font(11);
      if (b - a < c.measureText(words).width + 3 * view.mm) return;
      const wide = c.measureText(words).width + 2 * view.mm, x = (a + b - wide) / 2, y = (head + foot) / 2;
      c.fillStyle = colour.paper;
      c.fillRect(x, y - 3 * view.mm, wide, 6 * view.mm);
      c.fillStyle = colour.ink;
      c.fillText(words, x + view.mm, y);
    };
    for (const [from, to] of this._record.gaps) if (to > view.first && from < view.last) show(from, to, "nothing recorded");
    if (view.last > this._record.samples) show(this._record.samples, view.last, "the recording ends here");
  }

  _row(row, pieces) {
    const { _c: c, _view: view, _colour: colour, _ratio: ratio } = this;
    const code = CODES[this._record.leads[row.column].origin] ?? 0;
    const dense = view.samplesPerPx > view.rate * DENSE_S; // a row of envelopes keeps to itself
    c.save();
    c.beginPath();
    if (dense) c.rect(0, row.top, view.width, this._plan.rowHeight - Math.round(view.mm / 2));
    else c.rect(0, this._plan.head, view.width, this._plan.foot - this._plan.head);
    c.clip();
    c.strokeStyle = c.fillStyle = colour.trace[code];
    c.lineWidth = WIDTHS[code] * ratio;
    c.lineJoin = "round";
    for (const piece of pieces) {
      c.globalAlpha = piece.tile.exact ? (dense ? 0.8 : 1) : 0.5; // looks into the recording, not yet all of it
      const { tile } = piece, uv = tile.leads[row.column];
      const first = Math.max(piece.from, view.first - tile.step), last = Math.min(piece.to, view.last + tile.step);
      const begin = Math.max(0, Math.floor((first - tile.first) / tile.step));
      const end = Math.min(tile.bins, Math.ceil((last - tile.first) / tile.step) + 1); // one more, to meet the next piece
      if (tile.width === 2) this._pairs(tile, uv, begin, end, row.baseline);
      else this._samples(tile, uv, begin, end, row.baseline);
    }
    c.restore();
  }

  /** A line through the samples. Ones that lie level with the last drawn are left out: most of a heart's time is flat. */
  _samples(tile, uv, begin, end, baseline) {
    const { _c: c, _view: view } = this, perUv = this._perMv / 1000, per = 1 / view.samplesPerPx, x0 = view.x(tile.first);
    let down = false, lastX = 0, lastY = 0, left = NaN; // `left`: x of the last that was left out
    const rest = () => {
      if (left === left) c.lineTo(left, lastY);
      left = NaN;
    };
    c.beginPath();
    for (let k = begin; k < end; k++) {
      if (uv[k] === MISSING) {
        rest();
        if (down && uv[k - 2] === MISSING) c.lineTo(lastX + 1, lastY); // a sample by itself
        down = false;
        continue;
      }
      const x = x0 + k * per, y = baseline - uv[k] * perUv;
      if (down && Math.abs(y - lastY) < LEVEL_PX) {
        left = x;
        continue;
      }
      rest();
      if (down) c.lineTo(x, y); else c.moveTo(x, y);
      down = true;
      lastX = x;
      lastY = y;
    }
    rest();
    c.stroke();
  }

  /** An upright bar a bin, from its least to its greatest, and on to where the one before ended. */
  _pairs(tile, uv, begin, end, baseline) {
    const { _c: c, _view: view } = this, perUv = this._perMv / 1000, per = tile.step / view.samplesPerPx;
    const x0 = view.x(tile.first), thick = c.lineWidth, wide = Math.max(1, per);
    let low = MISSING, high = MISSING;
    for (let k = begin; k < end; k++) {
      const least = uv[2 * k], greatest = uv[2 * k + 1];
      if (greatest !== MISSING) {
        const a = low === MISSING ? greatest : Math.max(greatest, low), b = low === MISSING ? least : Math.min(least, high);
        c.fillRect(x0 + k * per, baseline - a * perUv - thick / 2, wide, (a - b) * perUv + thick);
      }
      low = least;
      high = greatest;
    }
  }

  _head(marks, alerts, chosen) {
    const { _c: c, _view: view, _plan: { head }, _colour: colour, _own: own } = this, mm = view.mm;
    c.fillStyle = colour.paper;
    c.fillRect(0, 0, view.width, head);
    this._font(10.5);
    for (const [from, to, label] of marks.rhythms) {
      const a = Math.max(0, view.x(from)), b = Math.min(view.width, view.x(to));
      if (b <= a) continue;
      drawRhythm(c, a, 3 * mm, b - a, 3 * mm, label, own);
      if (b - a > c.measureText(rhythmWords(label)).width + 2 * mm) labelled(c, rhythmWords(label), a + mm, 4.4 * mm, own.ink, own.card);
    }
    this._beats(marks.beats, 7.5 * mm);
    alerts.forEach((alert, k) => {
      const x = view.x(alert.onset), over = view.x(alert.ended ?? alert.onset), words = alertWords(alert);
      if (over < 0 || x > view.width) return;
      c.fillStyle = c.strokeStyle = own[`tick-${alert.priority}`];
      c.globalAlpha = alert === chosen ? 0.45 : 0.25;
      c.fillRect(x, 0.3 * mm, Math.max(2, over - x), 2.6 * mm);
      c.globalAlpha = 1;
      c.setLineDash(alert === chosen ? [] : [mm, mm]);
      c.lineWidth = Math.max(1, mm / 3);
      c.beginPath();
      c.moveTo(x, 0);
      c.lineTo(x, this._plan.foot);
      c.stroke();
      c.setLineDash([]);
      drawPriority(c, x, 1.6 * mm, 1.5 * mm, alert.priority);
      const room = (k + 1 < alerts.length ? view.x(alerts[k + 1].onset) : view.width) - x - 5 * mm;
      if (c.measureText(words).width < room) labelled(c, words, x + 2.2 * mm, 1.6 * mm, own.ink, own.card);
    });
  }

  _beats(beats, y) {
    const { _c: c, _view: view, _own: own } = this;
    this._font(10.5);
    c.textAlign = "center";
    beats.samples.forEach((sample, k) => {
      const kind = beats.kinds[k], x = Math.round(view.x(sample));
      c.fillStyle = kind === "N" ? own.soft : own.high;
      if (kind === "N") c.fillRect(x, y - view.mm * 0.7, Math.max(1, view.mm / 4), 1.4 * view.mm);
      else c.fillText(kind, x, y);
    });
    c.textAlign = "left";
  }

  _foot() {
    const { _c: c, _view: view, _plan: { foot, height }, _colour: colour, _own: own } = this, mm = view.mm;
    c.fillStyle = colour.paper;
    c.fillRect(0, foot, view.width, height - foot);
    const taken = new RecordClock(this._record);
    const stepS = niceStep((TICK_MM * mm) / (view.mmPerS * mm));
    this._font(10.5);
    for (const at of ticks(taken.ms(view.first), taken.ms(view.last), stepS)) {
      const x = Math.round(view.x(taken.sample(at)));
      c.fillStyle = colour.faint;
      c.fillRect(x, foot, Math.max(1, mm / 4), 1.3 * mm);
      c.fillStyle = own.ink;
      c.fillText(stepS < 1 ? clock(at, 2) : tickWords(at, stepS), x + 0.8 * mm, foot + 2.6 * mm);
    }
  }

  _font(size) {
    this._c.font = `${Math.round(size * this._ratio)}px system-ui, sans-serif`;
    this._c.textBaseline = "middle";
  }
}

export function labelled(c, words, x, y, ink, card) {
  c.save();
  c.globalAlpha = 0.8;
  c.fillStyle = card;
  const size = parseInt(c.font, 10);
  c.fillRect(x - 2, y - size * 0.6, c.measureText(words).width + 4, size * 1.2);
  c.restore();
  c.fillStyle = ink;
  c.fillText(words, x, y);
}

/** The shape of a priority (style.css has the same), `r` large, about (x, y), in the fill that is set. */
export function drawPriority(c, x, y, r, priority) {
  c.beginPath();
  if (priority === "high") {
    c.moveTo(x, y - r);
    c.lineTo(x + r, y + r);
    c.lineTo(x - r, y + r);
  } else if (priority === "medium") {
    c.moveTo(x, y - r);
    c.lineTo(x + r, y);
    c.lineTo(x, y + r);
    c.lineTo(x - r, y);
  } else {
    c.arc(x, y, 0.85 * r, 0, 2 * Math.PI);
  }
  c.closePath();
  c.fill();
}

const GRAVITY = { sinus: 0.34, unknown: 0.2, bradycardia: 0.6, tachycardia: 0.6, bigeminy: 0.6, af: 0.72, vt: 1, vf: 1, asystole: 1 };
const FAMILY = {
  sinus: "sinus", bradycardia: "slow", tachycardia: "slow", bigeminy: "slow", af: "af", vt: "grave", vf: "grave", asystole: "grave",
};

/** A rhythm as a bar: the graver the higher, besides its colour. */
export function drawRhythm(c, x, y, width, height, label, own) {
  const high = Math.max(2, height * (GRAVITY[label] ?? 0.5));
  c.fillStyle = own[`rhythm-${FAMILY[label] ?? "unknown"}`];
  c.fillRect(x, y + height - high, Math.max(1, width), high);
}

/** The columns that "measured" stands for, or all, or the one of a name. */
export function columnsOf(record, which) {
  const all = record.leads.map((_, k) => k);
  const told = which === "measured" ? all.filter((k) => record.leads[k].origin === "measured") : all;
  const one = record.leads.findIndex((lead) => lead.name === which);
  return one >= 0 ? [one] : told.length ? told : all;
}

export const codeOf = (origin) => CODES[origin] ?? 0;
export const leadIndex = (name) => LEADS.indexOf(name);
