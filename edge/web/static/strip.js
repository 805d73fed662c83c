/** An alert's strip: some twenty seconds around it, on paper. */

import { LEADS, drawGrid, leadLabel, millimetre, sized, tellOrigin } from "./paper.js";
import { eachFrame } from "./frames.js";
import { Ring } from "./ring.js";
import { drawColumns } from "./traces.js";

const ROW_MM = 20;
const MOST_LEADS = 4; // one below the other; the review has them all
const BEFORE_MM = 20; // of paper to see before the onset, when the strip is opened
const LEAST_S = 2;

/**
 * Draws `message` (frames, an ArrayBuffer) into `box`, under labels that stay as it scrolls. `about`: {onset, sample, leads:
 * {name: origin}}, samples as the frames have them; `title`: what it is, in words. Returns how many seconds it shows; 0 where
 * there is nothing.
 */
export function showStrip(box, message, about, title, rate, look, colour) {
  const ring = new Ring(); // holds 32 s: a strip is 20 s, and more only where its alert was told late
  eachFrame(message, { block: (block) => ring.put(block), hole: ({ start, n }) => ring.hole(start, n) });
  if (ring.end === null) return 0;
  const ratio = devicePixelRatio || 1, mm = millimetre(look.size), pps = (look.mmPerS * mm) / rate;
  const leads = chosen(about.leads, ring), start = Math.max(ring.first, ring.end - ring.size);
  const zero = Math.floor(start * pps), width = Math.max(Math.ceil(ring.end * pps) - zero, LEAST_S * look.mmPerS * mm);
  const canvas = document.createElement("canvas"), height = leads.length * ROW_MM * mm;
  const context = sized(canvas, width, height, { alpha: false });
  drawGrid(context, 0, 0, width, height, mm, colour);
  const scale = { mm, ratio, colour, pps, ppmv: look.mmPerMv * mm };
  const labels = leads.map((lead, r) => {
    const top = r * ROW_MM * mm, baseline = top + 0.6 * ROW_MM * mm;
    drawColumns(context, ring, lead, baseline, zero, zero, Math.floor(ring.end * pps), scale, top, top + ROW_MM * mm);
    return labelAt(lead, ring.origin[lead * ring.size + ((ring.end - 1) & ring.mask)], (top + mm) / ratio);
  });
  for (const [words, sample] of [["onset", about.onset], ["told", about.sample]]) {
    drawLine(context, sample * pps - zero, height, mm, words, colour);
  }
  canvas.setAttribute("role", "img");
  const names = leads.map((lead) => LEADS[lead]).join(", "), seconds = (ring.end - start) / rate;
  canvas.setAttribute("aria-label", `${seconds.toFixed(0)} seconds of ${names} around the alert`);
  const scroller = document.createElement("div");
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", title);
  scroller.append(canvas);
  box.replaceChildren(scroller, ...labels);
  scroller.scrollLeft = (about.onset * pps - zero - BEFORE_MM * mm) / ratio;
  return seconds;
}

/** What the alert rests on; without that what was measured. */
function chosen(leads, ring) {
  const named = Object.keys(leads ?? {}).map((name) => LEADS.indexOf(name)).filter((lead) => lead >= 0);
  const newest = (ring.end - 1) & ring.mask;
  const measured = LEADS.map((_, lead) => lead).filter((lead) => ring.origin[lead * ring.size + newest] === 1);
  return (named.length ? named : measured.length ? measured : [1]).slice(0, MOST_LEADS);
}

function labelAt(lead, code, top) {
  const label = leadLabel(lead);
  tellOrigin(label, code > 3 ? 0 : code);
  label.style.top = `${top}px`;
  return label;
}

function drawLine(context, x, height, mm, words, colour) {
  context.fillStyle = colour.ink;
  for (let y = 0; y < height; y += 2 * mm) context.fillRect(Math.round(x), y, Math.max(1, Math.round(mm / 4)), mm);
  context.font = `${3 * mm}px system-ui, sans-serif`;
  context.textBaseline = "bottom";
  context.fillText(words, x + mm, height - mm);
}
