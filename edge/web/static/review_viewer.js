/** One recording on the screen: what is shown of it, and what the buttons, keys and gestures do. */

import * as api from "./review_api.js";
import { fillAlerts, markChosen, neighbour, tellAlert } from "./review_alerts.js";
import { Calipers } from "./review_calipers.js";
import { clock, day, duration, RecordClock } from "./review_clock.js";
import { NAMED, gestures, keys } from "./review_gestures.js";
import { Overview } from "./review_overview.js";
import { TileSource } from "./review_tiles.js";
import { TracePicture, codeOf, columnsOf, leadIndex, plan } from "./review_traces.js";
import { trendTable } from "./review_trend.js";
import { View, USUAL_MM_PER_S } from "./review_view.js";
import { MM_PER_MV, colours, leadLabel, millimetre, tellOrigin } from "./paper.js";

const SCROLL_SHARE = 0.1; // of the width, an arrow key
const PAGE_SHARE = 0.9;
const ONSET_SHARE = 0.3; // of the width, before an alert's onset
const MARKS_WAIT_MS = 120; // after the last scroll
const LINK_WAIT_MS = 300;
const LOOK_MS = { making: 700, quiet: 10_000 }; // between two looks at a recording that may grow
const TREND_POINTS = 1440;
const LEAST_HEIGHT = 420; // CSS pixels of traces
const OWN = [
  "ink", "soft", "card", "line", "accent", "high", "medium", "low", "rate", "rate-band", "st", "brush",
  "rhythm-sinus", "rhythm-slow", "rhythm-af", "rhythm-grave", "rhythm-unknown",
];
const FORMATS = { pdf: "PDF report", edf: "EDF+", csv: "CSV", dicom: "DICOM", fhir: "FHIR" };
const $ = (id) => document.getElementById(id);

export class Viewer {
  /** `record`: the server's facts; `failed(error)` shows what went wrong. */
  constructor(record, failed) {
    this._record = record;
    this._failed = failed;
    this._view = new View(record.rate, record.samples);
    this._marks = { rhythms: [], beats: { samples: [], kinds: "", count: 0 } };
    this._all = { rhythms: [], alerts: [], trend: null, wave: null };
    this._alerts = []; // those that are shown
    this._chosen = null;
    this._ending = new AbortController();
    this._source = new TileSource(record.name, () => this._ask(), failed);
    this._picture = new TracePicture($("paper"), record);
    this._overview = new Overview($("overview"), record, (sample) => this._do(() => this._view.centre(sample)));
    this._calipers = new Calipers($("handles"), $("readout"), () => this._screen(), () => this._ask());
    this._ends = [this._listen(), () => this._source.close(), () => this._overview.close(), () => this._ending.abort()];
    this._choices();
    this._measure();
  }

  /** From the server: alerts, trends, rhythms and the strip of the whole. The traces come by themselves. */
  async begin(atS) {
    this._view.scrollTo(atS * this._record.rate);
    this._draw();
    this._look();
    this._fetchMarks();
    await this._refresh();
  }

  goTo(seconds) { this._do(() => this._view.scrollTo(seconds * this._record.rate)); }

  close() {
    this._closed = true;
    clearTimeout(this._looking);
    clearTimeout(this._soon);
    clearTimeout(this._linking);
    this._calipers.toggle(false);
    $("calipers").setAttribute("aria-pressed", "false");
    $("alert").hidden = true;
    $("making").textContent = "";
    for (const end of this._ends) end();
  }

  // what it shows

  async _refresh() {
    const path = api.of(this._record.name), px = Math.min(2000, this._width), samples = this._record.samples;
    const come = async (what, take) => { // each is shown as it comes
      try {
        const got = await what;
        if (this._closed) return;
        take(got);
        this._ask();
      } catch (error) {
        if (!this._closed) this._failed(error);
      }
    };
    await Promise.all([
      come(api.json(`${path}/alerts`), ({ alerts }) => {
        this._all.alerts = alerts;
        this._listAlerts();
      }),
      come(api.json(`${path}/marks?first=0`), ({ rhythms }) => { this._all.rhythms = rhythms; }),
      come(api.bins(this._record.name, 0, samples, px, [this._waveLead()]), (wave) => { this._all.wave = wave; }),
      come(api.json(`${path}/trend?points=${TREND_POINTS}`), (trend) => {
        this._all.trend = trend;
        if ($("trend").open) trendTable($("trend-table"), this._all, this._record);
      }),
    ]);
  }

  async _look() {
    try {
      const now = await api.json(api.of(this._record.name)), before = this._record;
      if (this._closed) return;
      if (now.samples < before.samples) location.reload(); // another recording has taken the name
      const more = now.samples !== before.samples, nearer = now.tiles.done !== before.tiles.done;
      Object.assign(this._record, now);
      this._view.grow(now.samples);
      this._tellTiles(now.tiles);
      if (more || nearer) {
        this._source.renew();
        this._ask();
      }
      if (more || (nearer && !now.tiles.making)) this._refresh();
      this._looking = setTimeout(() => this._look(), now.tiles.making ? LOOK_MS.making : LOOK_MS.quiet);
    } catch (error) {
      if (this._closed) return;
      this._failed(error);
      this._looking = setTimeout(() => this._look(), LOOK_MS.quiet);
    }
  }

  _tellTiles({ done, making, problem }) {
    const coarse = making && done < 0.999;
    $("making").textContent = problem ?? (coarse ? `Getting all of it into view: ${Math.floor(100 * done)} %` : "");
  }

  _waveLead() {
    const leads = this._record.leads, measured = leads.filter((lead) => lead.origin === "measured");
    return (measured.find((lead) => lead.name === "II") ?? measured[0] ?? leads[0]).name;
  }

  _listAlerts() {
    const alerts = this._alerts = this._all.alerts.filter((alert) => $("technical").checked || !alert.technical);
    this._chosen = alerts.find((one) => one.id === this._chosen?.id && one.sample === this._chosen?.sample) ?? null;
    fillAlerts($("alerts"), alerts, this._record, (alert) => this._choose(alert));
    markChosen($("alerts"), alerts.indexOf(this._chosen));
    $("no-alerts").hidden = alerts.length > 0;
    $("previous").disabled = $("next").disabled = !alerts.length;
  }

  // drawing

  _measure() {
    const style = getComputedStyle(document.documentElement);
    this._ratio = globalThis.devicePixelRatio || 1;
    this._colour = colours();
    this._own = Object.fromEntries(OWN.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
    Object.assign(this._own, { "tick-high": this._own.high, "tick-medium": this._own.medium, "tick-low": this._own.st });
    this._width = Math.max(200, $("traces").clientWidth);
    this._overviewWidth = Math.max(200, $("overview").parentElement.clientWidth - 16);
    const mm = millimetre(1, this._ratio);
    const room = Math.max(LEAST_HEIGHT, innerHeight - $("traces").getBoundingClientRect().top - scrollY - 70);
    this._plan = plan(this._record, columnsOf(this._record, $("leads").value), room * this._ratio, mm);
    this._view.fit(Math.round(this._width * this._ratio), mm);
    this._label();
    this._ask();
  }

  _label() {
    const fresh = this._plan.rows.map((row) => {
      const label = leadLabel(leadIndex(row.lead));
      tellOrigin(label, codeOf(this._record.leads[row.column].origin));
      label.style.top = `${row.top / this._ratio + 1}px`;
      return label;
    });
    $("labels").classList.toggle("many", fresh.length > 3);
    $("labels").replaceChildren(...fresh);
  }

  _screen() {
    const mmPerMv = Number($("gain").value), row = (lead) => this._plan.rows.find((one) => one.lead === lead) ?? this._plan.rows[0];
    return {
      view: this._view, ratio: this._ratio, pxPerMv: mmPerMv * this._view.mm, baseline: (lead) => row(lead).baseline,
    };
  }

  /** Draws with the next frame, however often it is asked for until then. */
  _ask() {
    if (this._asked || this._closed) return;
    this._asked = requestAnimationFrame(() => {
      this._asked = 0;
      if (!this._closed) this._draw();
    });
  }

  _draw() {
    const view = this._view, alerts = this._alerts;
    const pieces = this._source.within(view.step, view.first, view.last, this._record.samples);
    const same = { view, colour: this._colour, own: this._own, ratio: this._ratio, alerts };
    this._picture.draw({
      ...same, layout: this._plan, pieces, marks: this._marks, chosen: this._chosen, mmPerMv: Number($("gain").value),
    });
    this._overview.draw({
      ...same, ...this._all, alerts, width: this._overviewWidth, waveLead: this._waveLead(), st: $("st").value,
    });
    this._calipers.place();
    this._tellPlace();
    $("traces").dataset.ready = String(!this._source.busy && pieces.length > 0);
  }

  _tellPlace() {
    const view = this._view, taken = new RecordClock(this._record);
    const end = Math.min(view.last, this._record.samples), slider = $("position"), middle = taken.ms(view.first);
    const digits = view.seconds < 120 ? 1 : 0, beats = this._marks.beats;
    const rhythm = this._marks.rhythms.filter(([a, b]) => a < view.last && b > view.first).map((one) => one[2]);
    const words = `${day(middle)} ${clock(middle, digits)} to ${clock(taken.ms(end), digits)}, ${duration((end - view.first) / view.rate)}`;
    const told = [words, [...new Set(rhythm)].join(", "), beats.count ? `${beats.count} beats` : ""];
    $("shown").textContent = told.filter(Boolean).join(" · ");
    const perMin = `${Number((60 * view.mmPerS).toPrecision(2))} mm/min`;
    $("speed").textContent = view.mmPerS >= 1 ? `${Number(view.mmPerS.toFixed(1))} mm/s` : perMin;
    slider.max = String(Math.max(1, this._record.samples - view.span));
    slider.value = String(view.first);
    slider.setAttribute("aria-valuetext", words);
    const all = `${duration(this._record.samples / view.rate)} from ${day(taken.began)} ${clock(taken.began)}, ${this._alerts.length} alerts`;
    $("overview").setAttribute("aria-label", `The whole recording: ${all}. Alerts and trends are tables below.`);
  }

  // what is done to it

  _do(change) {
    change();
    this._ask();
    clearTimeout(this._soon);
    this._soon = setTimeout(() => this._fetchMarks(), MARKS_WAIT_MS);
    clearTimeout(this._linking);
    this._linking = setTimeout(() => this._link(), LINK_WAIT_MS);
  }

  _link() {
    const seconds = (this._view.first / this._record.rate).toFixed(2);
    history.replaceState(null, "", `#${encodeURIComponent(this._record.name)}@${Number(seconds)}`);
  }

  async _fetchMarks() {
    const view = this._view, first = Math.max(0, Math.floor(view.first)), last = Math.max(first + 1, Math.ceil(view.last));
    try {
      const marks = await api.json(`${api.of(this._record.name)}/marks?first=${first}&last=${last}`);
      if (this._closed) return;
      this._marks = marks;
      this._ask();
    } catch (error) {
      if (!this._closed) this._failed(error);
    }
  }

  _choose(alert) {
    const alerts = this._alerts, at = alerts.indexOf(alert);
    if (!alert || at < 0) return;
    this._chosen = alert;
    markChosen($("alerts"), at);
    tellAlert($("alert"), alert, at, alerts.length, this._record);
    this._do(() => this._view.scrollTo(alert.onset - ONSET_SHARE * this._view.span));
  }

  _jump(way) {
    const alerts = this._alerts, at = neighbour(alerts, this._chosen, this._view.middle, way);
    if (at >= 0) this._choose(alerts[at]);
  }

  _press(what) {
    const view = this._view, by = (share) => this._do(() => view.scrollBy(share * view.span));
    const does = {
      left: () => by(-SCROLL_SHARE),
      right: () => by(SCROLL_SHARE),
      earlier: () => by(-PAGE_SHARE),
      later: () => by(PAGE_SHARE),
      begin: () => this._do(() => view.scrollTo(0)),
      end: () => this._do(() => view.scrollTo(view.samples)),
      in: () => this._do(() => view.zoomStep(1)),
      out: () => this._do(() => view.zoomStep(-1)),
      usual: () => this._do(() => view.zoomTo(USUAL_MM_PER_S)),
      next: () => this._jump(1),
      previous: () => this._jump(-1),
      calipers: () => this._toggleCalipers(),
    };
    does[what]();
  }

  _slide(event) {
    const what = NAMED[event.key] ?? { ArrowUp: "right", ArrowDown: "left" }[event.key];
    if (!what) return;
    event.preventDefault();
    this._press(what);
  }

  _toggleCalipers() {
    this._calipers.lead = this._plan.rows.find((row) => row.lead === this._calipers.lead)?.lead ?? this._plan.rows[0].lead;
    this._calipers.toggle();
    $("calipers").setAttribute("aria-pressed", String(this._calipers.open));
    this._measure();
  }

  _export(form) {
    const view = this._view, first = Math.max(0, Math.floor(view.first)), last = Math.ceil(Math.min(view.last, view.samples));
    const link = document.createElement("a");
    link.href = `api/recordings${api.of(this._record.name)}/export?to=${form}&first=${first}&last=${last}`;
    link.download = "";
    link.click();
  }

  _choices() {
    const fill = (select, pairs, chosen) => {
      select.replaceChildren(...pairs.map(([value, words]) => new Option(words, value, false, value === chosen)));
    };
    const leads = this._record.leads.map((lead) => [lead.name, lead.name]);
    fill($("gain"), MM_PER_MV.map((mm) => [String(mm), `${mm} mm/mV`]), $("gain").value || "10");
    fill($("leads"), [["all", "All leads"], ["measured", "Measured"], ...leads], "all");
    fill($("st"), this._record.leads.map(({ name }) => [name, `ST ${name}`]), this._waveLead());
    fill($("export"), [["", "Keep as…"], ...Object.entries(FORMATS)], "");
  }

  _listen() {
    const { signal } = this._ending, on = (id, kind, does) => $(id).addEventListener(kind, does, { signal });
    for (const what of ["earlier", "later", "in", "out", "usual", "next", "previous", "calipers"]) {
      on(what, "click", () => this._press(what));
    }
    on("gain", "change", () => this._ask());
    on("leads", "change", () => this._measure());
    on("st", "change", () => this._ask());
    on("technical", "change", () => {
      this._listAlerts();
      this._ask();
    });
    on("position", "keydown", (event) => this._slide(event)); // the browser's own steps would be of a hundredth of a day
    on("position", "input", () => this._do(() => this._view.scrollTo(Number($("position").value))));
    on("export", "change", () => {
      if ($("export").value) this._export($("export").value);
      $("export").value = "";
    });
    on("trend", "toggle", () => {
      if ($("trend").open && this._all.trend) trendTable($("trend-table"), this._all, this._record);
    });
    on("traces", "dblclick", (event) => this._calipersTo(event.clientY - $("traces").getBoundingClientRect().top));
    addEventListener("resize", () => this._measure(), { signal });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this._measure(), { signal });
    const ends = [
      gestures($("traces"), {
        scroll: (px) => this._do(() => this._view.scrollBy(px * this._ratio * this._view.samplesPerPx)),
        zoom: (factor, x) => this._do(() => this._view.zoomBy(factor, x * this._ratio)),
      }),
      keys((what) => this._press(what), () => $("keys").checked),
    ];
    return () => ends.forEach((end) => end());
  }

  /** A double click on a row measures levels there. */
  _calipersTo(y) {
    const row = this._plan.rows.find((one) => y * this._ratio < one.top + this._plan.rowHeight);
    if (!row || !this._calipers.open) return;
    this._calipers.lead = row.lead;
    this._calipers.place();
  }
}
