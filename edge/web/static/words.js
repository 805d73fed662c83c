/** The run's facts in words: alerts, their evidence, times. */

const KINDS = Object.freeze({
  asystole: "Asystole", vf: "Ventricular fibrillation", vt: "Ventricular tachycardia", pause: "Pause",
  bradycardia: "Bradycardia", tachycardia: "Tachycardia", af: "Atrial fibrillation", pvc_run: "Run of ventricular beats",
  couplet: "Couplets", bigeminy: "Bigeminy", pvc_burden: "Many ventricular beats", st_elevation: "ST elevation",
  st_depression: "ST depression", mi: "Signs of infarction", electrode_off: "Electrode off", gap: "Signal lost",
  poor_signal: "Poor signal", disconnected: "Patch disconnected", battery: "Battery low",
  patient_misfit: "Not the enrolled heart",
});
const RHYTHMS = Object.freeze({
  vf: "ventricular fibrillation", asystole: "asystole", vt: "ventricular tachycardia", af: "atrial fibrillation",
  bigeminy: "bigeminy", bradycardia: "bradycardia", tachycardia: "tachycardia", sinus: "sinus", unknown: "not to be told",
});
const STATES = Object.freeze({ on: "began", off: "is over", acknowledged: "acknowledged" });
export const PRIORITIES = Object.freeze(["high", "medium", "low"]);
// evidence by its name; N stands for the number
const EVIDENCE = Object.freeze({
  rate_per_min: "rate N per minute", rr_s: "R-R interval N s", silence_s: "no beat for N s", lost_s: "no signal for N s",
  unknown_s: "not to be judged for N s", beats: "N beats", battery_percent: "battery at N %", confidence: "confidence N of 1",
  dominant_hz: "dominant frequency N Hz", suppressed_count: "N more like it were not told", distance_limits:
  "N times as far from the enrolled heart as allowed", af: "probability of AF N", vt: "probability of VT N",
  vf: "probability of VF N", rr_rmssd: "R-R intervals differ by N of their mean", rr_change_entropy:
  "entropy of R-R changes N", p_repeats: "P waves repeat N of 1",
});
const UNITS = Object.freeze({ uv: "\u00b5V", mv: "mV", s: "s", ms: "ms", hz: "Hz", percent: "%", min: "per minute", count: "" });

const spaced = (name) => name.replaceAll("_", " ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export const kindWords = (kind) => KINDS[kind] ?? capital(spaced(String(kind)));
export const rhythmWords = (label) => RHYTHMS[label] ?? spaced(String(label));
export const stateWords = (state) => STATES[state] ?? String(state);

/** A lead's alert says which: the id is kind, lead and number. */
export function alertWords(event) {
  const lead = /-((?:aV[RLF])|(?:V[1-6])|(?:I{1,3}))-\d+$/.exec(event.id ?? "");
  return kindWords(event.kind) + (lead ? ` ${lead[1]}` : "");
}

/** Evidence as one phrase a fact. Keys of one lead's level and its spread are told as one. */
export function evidenceWords(evidence) {
  const told = [], left = new Map(Object.entries(evidence ?? {}));
  for (const [name, value] of left) {
    const level = /^(st|q)_(.+?)_uv$/.exec(name);
    if (level && !/_(sd|change)$/.test(level[2])) told.push(levelWords(level[1], level[2], value, evidence));
    else if (!/^(st|q)_/.test(name)) told.push(phrase(name, value));
  }
  return told;
}

function levelWords(what, lead, value, evidence) {
  const sd = evidence[`${what}_${lead}_sd_uv`], change = evidence[`${what}_${lead}_change_uv`];
  const within = sd === undefined ? "" : ` \u00b1 ${number(sd)}`;
  const moved = change === undefined ? "" : `, moved by ${signed(change)} \u00b5V`;
  return `${what === "st" ? "ST" : "Q"} in ${lead}: ${signed(value)}${within} \u00b5V${moved}`;
}

function phrase(name, value) {
  if (EVIDENCE[name]) return EVIDENCE[name].replace("N", number(value));
  const parts = name.split("_"), unit = UNITS[parts[parts.length - 1]];
  if (unit === undefined || parts.length < 2) return `${spaced(name)} ${number(value)}`;
  const what = name.endsWith("_per_min") ? parts.slice(0, -2) : parts.slice(0, -1);
  return `${what.join(" ")} ${number(value)}${unit ? ` ${unit}` : ""}`;
}

const number = (value) => (typeof value === "number" ? String(Number(value.toPrecision(3))) : String(value));
const signed = (value) => (value > 0 ? "+" : "") + number(value).replace("-", "\u2212");

/** "reconstructed V2, V3" and the like: what an alert rests on, what was measured first. */
export function restsOn(leads) {
  const by = new Map();
  for (const [lead, origin] of Object.entries(leads ?? {})) by.set(origin, [...(by.get(origin) ?? []), lead]);
  const order = ["measured", "derived", "reconstructed", "unavailable"];
  return order.filter((one) => by.has(one)).map((one) => `${one} ${by.get(one).join(", ")}`).join("; ");
}

/** The time of day here, of an ISO time or a Date. */
export function clock(utc) {
  const at = new Date(utc);
  return Number.isNaN(at.getTime()) ? "" : at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}

/** 1:02:03, or 2:03 in the first hour. */
export function elapsed(seconds) {
  const whole = Math.max(0, Math.floor(seconds)), two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** "8 s", "2 min 5 s", "3 h 4 min". */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min`;
}
