/**
 * ECG paper: how large a millimetre is, the grid, the calibration pulse, where each lead lies, and how leads are told apart.
 *
 * Whatever draws here works in device pixels, on contexts without a transform: a millimetre is a whole number of them, so
 * that every line of the grid is as sharp as the next.
 */

export const LEADS = Object.freeze(["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]);
export const MM_PER_S = Object.freeze([25, 50]);
export const MM_PER_MV = Object.freeze([5, 10, 20]);
export const Z90 = 1.645; // half a 90 % interval, in standard deviations
const CSS_PX_PER_MM = 96 / 25.4; // CSS says that an inch has 96 px; no browser tells the screen's real size
const LEAST_PX = 2; // device pixels: with one, the grid would be the paper
const PULSE_S = 0.2; // the calibration pulse: 1 mV for 0.2 s, so 10 mm high and 5 mm wide at the usual scales
const PULSE_ROOM_MM = 2; // on each side of it
const LEAST_ROW_MM = Object.freeze({ "12x1": 12, "6x2": 18, "3x4": 20 });
const MOST_ROW_MM = 40;
const ZERO = 0.62; // of a row's height lies above its 0 mV: most of a heart's peaks do, and the lead's name
const HEADROOM_MM = 12; // above the first row's 0 mV at least: the pulse at 10 mm/mV, and a little
const RHYTHM_LEAD = 1; // II runs along the foot of the 3 x 4

/** Origins by their code on the wire. More than colour: a mark, a line's width, a label's border (style.css), a word. */
export const ORIGINS = Object.freeze([
  Object.freeze({ name: "unavailable", mark: "\u2013", width: 0, means: "no signal" }),
  Object.freeze({ name: "measured", mark: "\u25cf", width: 1.5, means: "by the electrodes" }),
  Object.freeze({ name: "derived", mark: "=", width: 1, means: "follows exactly from measured leads" }),
  Object.freeze({ name: "reconstructed", mark: "\u2248", width: 1.25, means: "an estimate; the band holds 90 % of the truth" }),
]);

/** Device pixels in a millimetre. `size`: times what CSS says, for a screen that was held against a ruler. */
export function millimetre(size = 1, ratio = globalThis.devicePixelRatio || 1) {
  return Math.max(LEAST_PX, Math.round(CSS_PX_PER_MM * ratio * size));
}

/** The colours of the theme in force, from style.css. */
export function colours(element = document.documentElement) {
  const style = getComputedStyle(element);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    paper: of("paper"),
    minor: of("grid-minor"),
    major: of("grid-major"),
    ink: of("ink"),
    faint: of("faint"),
    hatch: of("hatch"),
    // by origin's code
    trace: [of("faint"), of("measured"), of("derived"), of("reconstructed")],
    band: of("band"),
  };
}

/** Gives a canvas `width` x `height` device pixels, shown at their own size; returns its context. */
export function sized(canvas, width, height, options, ratio = globalThis.devicePixelRatio || 1) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${width / ratio}px`;
  canvas.style.height = `${height / ratio}px`;
  return canvas.getContext("2d", options);
}

/** Lines every millimetre and, stronger, every five, from the upper left corner. */
export function drawGrid(context, x, y, width, height, mm, colour) {
  context.fillStyle = colour.paper;
  context.fillRect(x, y, width, height);
  const strong = Math.max(1, Math.round(mm / 6)); // device pixels
  const lines = (every, thick, style) => {
    context.fillStyle = style;
    for (let at = 0; at <= width; at += every) context.fillRect(x + at, y, thick, height);
    for (let at = 0; at <= height; at += every) context.fillRect(x, y + at, width, thick);
  };
  lines(mm, Math.max(1, Math.round(mm / 9)), colour.minor);
  lines(5 * mm, strong, colour.major);
}

/** The pulse of 1 mV and 0.2 s, beginning at x on the line of 0 mV. */
export function drawPulse(context, x, baseline, mm, mmPerS, mmPerMv, colour) {
  const foot = mm, high = mmPerMv * mm, wide = PULSE_S * mmPerS * mm;
  const half = 0.5; // a line one pixel wide lies on pixels, not between them
  context.strokeStyle = colour.ink;
  context.lineWidth = Math.max(1, Math.round(mm / 4));
  context.lineJoin = "miter";
  context.beginPath();
  context.moveTo(x, baseline + half);
  context.lineTo(x + foot, baseline + half);
  context.lineTo(x + foot, baseline - high + half);
  context.lineTo(x + foot + wide, baseline - high + half);
  context.lineTo(x + foot + wide, baseline + half);
  context.lineTo(x + 2 * foot + wide, baseline + half);
  context.stroke();
}

/** Room for the pulse at the left of a row, mm. */
export function gutter(mmPerS) {
  return PULSE_S * mmPerS + 2 + 2 * PULSE_ROOM_MM;
}

/** Nothing was there: lines aslant, from x to x + width. They meet the next stretch's, whatever is drawn at once. */
export function hatch(context, x, y, width, height, mm, colour) {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour.hatch;
  context.lineWidth = Math.max(1, mm / 4);
  const every = 2 * mm;
  context.beginPath();
  for (let at = Math.floor((x - height) / every) * every; at < x + width; at += every) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** The layout that suits so many CSS pixels. */
export function suited(width) {
  return width < 720 ? "12x1" : "6x2";
}

/**
 * Where the leads lie: panes, each with a time axis of its own width, and in each the leads with their line of 0 mV.
 *
 * `name`: "12x1", "6x2" or "3x4" (with a rhythm strip). `width`, `height`: device pixels that there are; the height used may
 * be more, where rows would become too small to read. Returns {name, height, left, baselines, panes: [{x, y, width, height,
 * leads: [{lead, top, baseline}]}]}, all in device pixels: `left` the room for the pulses, `baselines` one a row, and `lead`
 * an index into LEADS.
 */
export function layout(name, width, height, mm, mmPerS) {
  const rows = { "12x1": 12, "6x2": 6, "3x4": 4 }[name], columns = { "12x1": 1, "6x2": 2, "3x4": 4 }[name];
  const fit = Math.floor(height / rows / mm), rowMm = Math.max(LEAST_ROW_MM[name], Math.min(MOST_ROW_MM, fit));
  const row = rowMm * mm, left = gutter(mmPerS) * mm, zero = Math.round(rowMm * ZERO) * mm;
  const above = Math.max(0, HEADROOM_MM * mm - zero);
  const down = name === "3x4" ? rows - 1 : rows; // rows of the columns; the last is the rhythm strip
  const wide = Math.floor((width - left) / columns);
  const place = (lead, r) => ({ lead, top: above + r * row, baseline: above + r * row + zero });
  const panes = [];
  for (let c = 0; c < columns; c++) {
    const leads = Array.from({ length: down }, (_, r) => place(c * down + r, r));
    panes.push({ x: left + c * wide, y: 0, width: wide, height: above + down * row, leads });
  }
  if (name === "3x4") {
    panes.push({ x: left, y: above + down * row, width: wide * columns, height: row, leads: [place(RHYTHM_LEAD, down)] });
  }
  const baselines = Array.from({ length: rows }, (_, r) => place(0, r).baseline);
  return { name, height: above + rows * row, left, baselines, panes };
}

/** All that lies still under the traces: grid, pulses, and what parts the columns. */
export function drawPaper(context, plan, width, mm, mmPerS, mmPerMv, colour) {
  drawGrid(context, 0, 0, width, plan.height, mm, colour);
  for (const baseline of plan.baselines) drawPulse(context, PULSE_ROOM_MM * mm, baseline, mm, mmPerS, mmPerMv, colour);
  context.fillStyle = colour.faint;
  for (const pane of plan.panes) {
    if (pane.x > plan.left) context.fillRect(pane.x, pane.y + mm, Math.max(1, Math.round(mm / 6)), pane.height - 2 * mm);
  }
}

/** A lead's name with where it comes from, as an element: `.lead`, `.measured` or another origin; text in `.note` after it. */
export function leadLabel(lead) {
  const label = document.createElement("span");
  label.className = "lead";
  const name = document.createElement("b");
  name.textContent = LEADS[lead];
  const mark = document.createElement("i");
  const note = document.createElement("small");
  note.className = "note";
  label.append(name, mark, note);
  return label;
}

/** Says on a lead's label what it is now. `note`: in place of the origin's word, such as "electrode off". */
export function tellOrigin(label, code, note = "") {
  const origin = ORIGINS[code] ?? ORIGINS[0];
  label.className = `lead ${origin.name}${note ? " trouble" : ""}`;
  label.children[1].textContent = origin.mark;
  label.children[2].textContent = note || origin.name;
}
