/** The whole recording in one strip: a lead, rhythm, alerts, heart rate and ST level, one time axis, and what is shown of it. */

import { MISSING } from "./review_api.js";
import { niceStep, RecordClock, tickWords, ticks } from "./review_clock.js";
import { hatch, sized } from "./paper.js";
import { drawPriority, drawRhythm } from "./review_traces.js";

const ROWS = [["wave", 26], ["rhythm", 15], ["alerts", 14], ["rate", 38], ["st", 32], ["clock", 15]]; // CSS pixels
const BETWEEN = 3;
const LEFT = 62; // for names; less on a phone
const LEFT_NARROW = 46;
const RATE_STEP = 20; // a minute; the axis ends on its multiples
const ST_LEAST_UV = 100; // the axis reaches as far at least

export const HEIGHT = ROWS.reduce((sum, [, height]) => sum + height + BETWEEN, 0);

export class Overview {
  /** `go(sample)` is called with the middle of what is to be shown. */
  constructor(canvas, record, go) {
    this._canvas = canvas;
    this._record = record;
    this._go = go;
    this._abort = new AbortController();
    const options = { signal: this._abort.signal };
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this._point(event);
    }, options);
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons) this._point(event);
    }, options);
  }

  close() { this._abort.abort(); }

  get left() { return this._wide < 560 ? LEFT_NARROW : LEFT; }

  /** `wave`: bins of one lead over the whole; `trend`, `rhythms`, `alerts`: as the server tells them. */
  draw({ width, wave, waveLead, trend, st, rhythms, alerts, view, colour, own, ratio }) {
    const size = [Math.round(width * ratio), Math.round(HEIGHT * ratio)];
    const made = [width, wave, trend, st, rhythms, alerts, own, ratio, this._record.samples, this._record.gaps.length];
    if (made.some((one, k) => one !== this._made?.[k])) { // what lies under the brush is drawn when it changes
      this._made = made;
      this._wide = width;
      this._still ??= document.createElement("canvas");
      Object.assign(this, { _c: sized(this._still, ...size, { alpha: false }, ratio), _colour: colour, _own: own });
      this._c.setTransform(ratio, 0, 0, ratio, 0, 0); // lines here need not lie on pixels: CSS pixels will do
      this._all(wave, waveLead, trend, st, rhythms, alerts);
      this._c.setTransform(1, 0, 0, 1, 0, 0);
    }
    const c = this._c = sized(this._canvas, ...size, { alpha: false }, ratio);
    c.drawImage(this._still, 0, 0);
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    this._brush(view);
    c.setTransform(1, 0, 0, 1, 0, 0);
  }

  _all(wave, waveLead, trend, st, rhythms, alerts) {
    this._c.fillStyle = this._own.card;
    this._c.fillRect(0, 0, this._wide, HEIGHT);
    this._rows = {};
    let y = 0;
    for (const [name, height] of ROWS) {
      this._rows[name] = { y, height };
      y += height + BETWEEN;
    }
    this._gaps();
    this._wave(wave, waveLead);
    this._rhythm(rhythms);
    if (trend) {
      this._rate(trend);
      this._st(trend, st);
    }
    this._clock();
    this._alerts(alerts);
  }

  _x(sample) { return this.left + ((this._wide - this.left) * sample) / this._record.samples; }

  _point(event) {
    const share = (event.offsetX - this.left) / (this._wide - this.left);
    this._go(Math.max(0, Math.min(1, share)) * this._record.samples);
  }

  _name(row, words, value = "") {
    const { _c: c, _own: own } = this, { y, height } = this._rows[row];
    c.font = "11px system-ui, sans-serif";
    c.textBaseline = "middle";
    c.fillStyle = own.soft;
    c.fillText(words, 0, value ? y + height / 2 - 7 : y + height / 2, this.left - 6);
    if (value) {
      c.fillStyle = own.ink;
      c.fillText(value, 0, y + height / 2 + 7, this.left - 6);
    }
  }

  _gaps() {
    const { y } = this._rows.wave, end = this._rows.clock.y - BETWEEN;
    let drawn = -1; // thousands of gaps in one pixel are one
    for (const [from, to] of this._record.gaps) {
      const a = this._x(from), b = Math.max(a + 1, this._x(to));
      if (b < drawn + 0.5) continue;
      hatch(this._c, a, y, b - a, end - y, 3, this._colour);
      drawn = b;
    }
  }

  _wave(wave, lead) {
    this._name("wave", lead);
    if (!wave) return;
    const { _c: c, _own: own } = this, { y, height } = this._rows.wave, uv = wave.leads[0], width = wave.width;
    const there = Array.from(uv).filter((v) => v !== MISSING).sort((a, b) => a - b);
    if (!there.length) return;
    const low = there[Math.floor(there.length * 0.01)], high = there[Math.floor(there.length * 0.99)];
    const per = height / Math.max(200, high - low), of = (v) => y + height - (Math.max(low, Math.min(high, v)) - low) * per;
    c.fillStyle = own.ink;
    c.globalAlpha = wave.exact ? 0.75 : 0.4;
    const wide = Math.max(0.6, this._x(wave.step) - this._x(0));
    for (let k = 0; k < wave.bins; k++) {
      const top = uv[width * k + width - 1];
      if (top === MISSING) continue;
      const a = of(top), b = of(uv[width * k]);
      c.fillRect(this._x(wave.first + k * wave.step), a, wide, Math.max(1, b - a));
    }
    c.globalAlpha = 1;
  }

  _rhythm(rhythms) {
    this._name("rhythm", "Rhythm");
    const { y, height } = this._rows.rhythm;
    for (const [from, to, label] of rhythms) {
      const a = this._x(from), wide = this._x(to) - a;
      drawRhythm(this._c, a, y, wide, height, label, this._own);
      if (wide > 64) {
        this._c.fillStyle = this._own.ink;
        this._c.fillText(label, a + 4, y + height / 2 - (label === "sinus" ? 2 : 0), wide - 6);
      }
    }
  }

  _alerts(alerts) {
    this._name("alerts", "Alerts");
    const { y, height } = this._rows.alerts;
    for (const priority of ["low", "medium", "high"]) { // the graver above the others
      this._c.fillStyle = this._own[`tick-${priority}`];
      for (const alert of alerts) {
        if (alert.priority === priority) drawPriority(this._c, this._x(alert.onset), y + height / 2, 5.5, priority);
      }
    }
  }

  _rate({ first, step, count, rate_per_min: rate }) {
    const { _c: c, _own: own } = this, { y, height } = this._rows.rate, known = rate.median.filter((v) => v !== null);
    if (!known.length) return this._name("rate", "Rate");
    const low = Math.floor((Math.min(...known) - 5) / RATE_STEP) * RATE_STEP;
    const high = Math.ceil((Math.max(...known) + 5) / RATE_STEP) * RATE_STEP;
    const of = (v) => y + height - ((Math.max(low, Math.min(high, v)) - low) / (high - low)) * height;
    this._axis(y, height, [[low, of(low)], [high, of(high)]]);
    c.fillStyle = own["rate-band"];
    const wide = Math.max(0.7, this._x(step) - this._x(0));
    for (let k = 0; k < count; k++) {
      if (rate.median[k] === null) continue;
      const a = of(rate.greatest[k]), b = of(rate.least[k]);
      c.fillRect(this._x(first + k * step), a, wide, Math.max(0, b - a));
    }
    this._curve(rate.median, first, step, of, own.rate);
    this._name("rate", "Rate", "/min");
  }

  _st({ first, step, st_j60_uv: levels }, lead) {
    const { _own: own } = this, { y, height } = this._rows.st, uv = levels[lead];
    this._name("st", `ST ${lead}`, uv ? "mV" : "not kept");
    if (!uv) return;
    const reach = Math.ceil(Math.max(ST_LEAST_UV, ...uv.map((v) => Math.abs(v ?? 0))) / ST_LEAST_UV) * ST_LEAST_UV;
    const of = (v) => y + height / 2 - ((v / reach) * height) / 2;
    this._axis(y, height, [[-reach / 1000, of(-reach)], [`+${reach / 1000}`, of(reach)]], of(0));
    this._curve(uv, first, step, of, own.st);
  }

  _axis(y, height, ends, zero = null) {
    const { _c: c, _own: own } = this;
    c.strokeStyle = own.line;
    c.lineWidth = 1;
    c.strokeRect(this.left + 0.5, y + 0.5, this._wide - this.left - 1, height - 1);
    if (zero !== null) c.strokeRect(this.left + 0.5, Math.round(zero) + 0.5, this._wide - this.left - 1, 0);
    c.font = "9.5px system-ui, sans-serif";
    const narrow = this.left === LEFT_NARROW; // no room beside the names: the numbers stand inside
    c.textAlign = narrow ? "left" : "right";
    c.fillStyle = own.soft;
    ends.forEach(([words, at], k) => c.fillText(String(words), this.left + (narrow ? 3 : -3), at + (k ? 6 : -5)));
    c.textAlign = "left";
  }

  _curve(values, first, step, of, style) {
    const { _c: c } = this;
    c.strokeStyle = style;
    c.lineWidth = 1.4;
    c.lineJoin = "round";
    c.beginPath();
    let down = false;
    values.forEach((value, k) => {
      if (value === null) {
        down = false;
        return;
      }
      const x = this._x(first + (k + 0.5) * step), y = of(value);
      if (down) c.lineTo(x, y);
      else c.moveTo(x - 1.5, y), c.lineTo(x + 0.5, y); // a point by itself is seen too
      down = true;
    });
    c.stroke();
  }

  _clock() {
    const { _c: c, _own: own, _record: record } = this, { y, height } = this._rows.clock;
    const taken = new RecordClock(record), lengthS = record.samples / record.rate;
    const stepS = niceStep((lengthS * 76) / (this._wide - this.left));
    c.font = "11px system-ui, sans-serif";
    for (const at of ticks(taken.began, taken.ms(record.samples), stepS)) {
      const x = this._x(taken.sample(at)), words = tickWords(at, stepS);
      c.fillStyle = own.line;
      c.fillRect(Math.round(x), y - BETWEEN, 1, 5);
      c.fillStyle = own.soft;
      if (x + c.measureText(words).width < this._wide) c.fillText(words, x + 3, y + height / 2);
    }
  }

  _brush(view) {
    const { _c: c, _own: own } = this, end = this._rows.clock.y - BETWEEN / 2;
    const a = this._x(view.first), wide = Math.max(3, this._x(Math.min(view.last, this._record.samples)) - a);
    c.fillStyle = own.brush;
    c.fillRect(a, 0, wide, end);
    c.strokeStyle = own.accent;
    c.lineWidth = 1.5;
    c.strokeRect(a, 0.75, wide, end - 1.5);
  }
}
