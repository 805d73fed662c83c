/** Times for people, and where to put them on an axis. */

const STEPS_S = [0.04, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
const DAY_S = 86400;

const two = (number) => String(number).padStart(2, "0");

/** When a recording's samples were taken: straight lines between its `clock`'s knots of sample and ms; then its rate. */
export class RecordClock {
  constructor(record) {
    this.began = Date.parse(record.start_utc);
    this._knots = record.clock;
    this._msEach = 1000 / record.rate;
  }

  ms(sample) {
    const { at, each } = this._line(0, sample);
    return this.began + at[1] + (sample - at[0]) * each;
  }

  /** Of a moment, in between two samples too. */
  sample(ms) {
    const { at, each } = this._line(1, ms - this.began);
    return at[0] + (ms - this.began - at[1]) / each;
  }

  _line(of, value) {
    const knots = this._knots, after = knots.findIndex((knot) => knot[of] > value);
    const k = after < 0 ? knots.length - 1 : Math.max(0, after - 1), at = knots[k], next = knots[k + 1];
    return { at, each: next ? (next[1] - at[1]) / (next[0] - at[0]) : this._msEach };
  }
}

/** The shortest step in seconds that is at least `least` long and that a clock counts in. */
export function niceStep(least) {
  return STEPS_S.find((step) => step >= least) ?? Math.ceil(least / DAY_S) * DAY_S;
}

/** 3 h 05 min, 12 min 08 s, 9.6 s, 240 ms. */
export function duration(seconds) {
  if (seconds < 1) return `${Math.round(1000 * seconds)} ms`;
  if (seconds < 60) return `${Number(seconds.toFixed(seconds < 10 ? 2 : 1))} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.round((whole % 3600) / 60) % 60)} min`;
}

/** The wall's clock at the reader's place: 23:04:08, with `digits` of a second behind it. */
export function clock(ms, digits = 0) {
  const at = new Date(Math.floor(ms));
  const seconds = digits ? `.${String(at.getMilliseconds()).padStart(3, "0").slice(0, digits)}` : "";
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}${seconds}`;
}

export function day(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** Moments (ms) on the clock's full `stepS` between two others; long steps count from midnight where the reader is. */
export function ticks(fromMs, toMs, stepS) {
  const step = 1000 * stepS, offset = 60000 * new Date(fromMs).getTimezoneOffset();
  const first = Math.ceil((fromMs - offset) / step) * step + offset, out = [];
  for (let k = 0; first + k * step <= toMs; k++) out.push(first + k * step);
  return out;
}

/** A tick's words: to the minute where minutes are enough. */
export function tickWords(ms, stepS) {
  if (stepS >= DAY_S) return day(ms);
  return stepS >= 60 ? clock(ms).slice(0, 5) : clock(ms, stepS < 1 ? 2 : 0);
}
