/** The run in numbers and words beside the traces. */

import { LEADS, Z90, leadLabel, tellOrigin } from "./paper.js";
import { elapsed, rhythmWords } from "./words.js";

const GOOD = 0.5, BAD = 0.1; // of signal quality: what edge.quality calls good and bad
const LOW_BATTERY = 20; // percent
const SPEAK_MS = 10_000; // at most so often a screen reader is told the numbers
const BEAT_MS = 120; // that the lamp is on
const RECONSTRUCTED = 3;

export const $ = (id) => document.getElementById(id);

/** Sets text only where it differs: what stays the same costs nothing and is not read out again. */
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export class Panel {
  constructor() {
    this.rows = LEADS.map((_, lead) => row(lead));
    $("leads").replaceChildren(...this.rows.map(({ element }) => element));
    this.spoken_ms = -Infinity;
  }

  hello(hello) {
    tell($("device"), hello.device || "Waiting for a patch");
    const leads = hello.montage?.length ? `${hello.montage.join(", ")} measured` : "";
    const parts = [hello.source, leads, hello.device_rate ? `${Number(hello.device_rate.toFixed(2))} Hz` : ""];
    tell($("about"), parts.filter(Boolean).join(" \u00b7 "));
    tell($("version"), hello.version ? `edge-ecg ${hello.version}` : "");
    $("recordings").hidden = !hello.recordings;
  }

  state(state, hello) {
    const rate = state.heart_rate_bpm;
    tell($("bpm"), rate == null ? "--" : rate.toFixed(0));
    tell($("rhythm"), state.rhythm ? rhythmWords(state.rhythm) : "--");
    const low = state.battery_percent != null && state.battery_percent < LOW_BATTERY;
    tell($("battery"), state.battery_percent == null ? "not told" : `${state.battery_percent} %${low ? ", low" : ""}`);
    tell($("lost"), lostWords(state));
    const whole = state.total_s ? ` of ${elapsed(state.total_s)}` : "";
    tell($("elapsed"), `${elapsed(state.elapsed_s ?? 0)}${whole}`);
    facts($("facts"), linkFacts(state, hello));
    for (const one of this.rows) one.measured(state, hello.montage ?? []);
    this.speak(state);
  }

  /** What of each lead the newest block says. */
  block(block) {
    const spreads = Math.ceil(block.n / block.sdStep);
    for (let lead = 0; lead < LEADS.length; lead++) {
      const sd = block.sd.slice(lead * spreads, (lead + 1) * spreads).sort();
      this.rows[lead].block(block.origin[lead], sd[spreads >> 1]); // the usual one: it is larger within each QRS
    }
  }

  speak(state) {
    const now_ms = performance.now();
    if (now_ms - this.spoken_ms < SPEAK_MS || state.heart_rate_bpm == null) return;
    this.spoken_ms = now_ms;
    tell($("spoken"), `Heart rate ${state.heart_rate_bpm.toFixed(0)} per minute${state.rhythm ? `, rhythm ${rhythmWords(state.rhythm)}` : ""}`);
  }

  /** The lamp: a beat is being shown. */
  beat() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const lamp = $("beat");
    lamp.classList.add("now");
    setTimeout(() => lamp.classList.remove("now"), BEAT_MS);
  }
}

function lostWords({ lost, samples }) {
  const total = Object.values(lost ?? {}).reduce((sum, n) => sum + n, 0);
  if (!total) return "nothing";
  const share = (100 * total) / Math.max(1, total + (samples ?? 0));
  return `${share < 0.01 ? "< 0.01" : share.toPrecision(2)} %`;
}

function linkFacts(state, hello) {
  const causes = Object.entries(state.lost ?? {}).filter(([, n]) => n);
  const latency = state.latency_ms?.p50 == null ? "--" : `${state.latency_ms.p50.toFixed(1)} ms, p99 ${(state.latency_ms.p99 ?? 0).toFixed(1)} ms`;
  return [
    ["Patch", state.phase === "over" ? "the run is over" : state.link_up ? "connected" : "lost"],
    ["Received", `${(state.samples ?? 0).toLocaleString("en")} samples`],
    ["Lost", causes.length ? causes.map(([cause, n]) => `${n} ${cause}`).join(", ") : "none"],
    ["Delay of the leads", hello.delay_ms == null ? "--" : `${(hello.delay_ms / 1000).toFixed(1)} s`],
    ["Computed in", latency],
    ["Network", [hello.bundle, hello.engine].filter(Boolean).join(", ") || "--"],
    ["Patient file", hello.patient || "none"],
    ["Pages open", String(state.clients ?? 1)],
  ];
}

function facts(list, pairs) {
  if (list.children.length !== 2 * pairs.length) {
    list.replaceChildren(...pairs.flatMap(() => [document.createElement("dt"), document.createElement("dd")]));
  }
  pairs.forEach(([name, text], k) => {
    tell(list.children[2 * k], name);
    tell(list.children[2 * k + 1], text);
  });
}

/** A row of the table of leads. */
function row(lead) {
  const element = document.createElement("tr"), name = document.createElement("th");
  const signal = document.createElement("td"), electrode = document.createElement("td");
  name.scope = "row";
  const label = leadLabel(lead);
  name.append(label);
  const meter = document.createElement("span"), bar = document.createElement("i"), words = document.createElement("span");
  meter.setAttribute("aria-hidden", "true");
  meter.append(bar);
  meter.hidden = true;
  signal.append(meter, words);
  const contact = document.createElement("span");
  electrode.append(contact);
  element.append(name, signal, electrode);
  let origin = 0;
  tellOrigin(label, origin);
  return {
    element,
    block(code, sd) {
      if (code !== origin) tellOrigin(label, (origin = code));
      if (origin === 1) return;
      meter.hidden = true;
      tell(words, origin === RECONSTRUCTED ? `\u00b1 ${(Z90 * sd).toFixed(0)} \u00b5V` : origin ? "exact" : "no signal");
    },
    measured({ quality, electrodes_off: off }, montage) {
      const own = montage.includes(LEADS[lead]), score = quality?.[LEADS[lead]];
      contact.className = off?.includes(LEADS[lead]) ? "off" : "";
      tell(contact, !own ? "" : off?.includes(LEADS[lead]) ? "off" : "on");
      if (origin !== 1) return;
      meter.hidden = score === undefined;
      const grade = score === undefined ? "not known" : score >= GOOD ? "good" : score >= BAD ? "poor" : "bad";
      meter.className = `meter ${grade}`;
      bar.style.width = `${Math.round(100 * (score ?? 0))}%`;
      tell(words, grade);
    },
  };
}
