/** Alerts: what is on, what speaks for it, its strip, and that somebody has seen it; and the log of all that was told. */

import { PRIORITIES, alertWords, clock, evidenceWords, restsOn, span, stateWords } from "./words.js";
import { $, tell } from "./panel.js";

const LOG = 200; // lines kept, as many as the server tells
const STRIP_AFTER_S = 11; // of signal after an alert was told: a strip ends 10 s after, and blocks come once a second
const KEYS = 5 * LOG; // of lines told, so that none is told twice
const FORGOTTEN = 404;

export class Alerts {
  /** `strip(box, message, event)` draws one; returns its seconds. */
  constructor(strip) {
    this.strip = strip;
    this.clear();
    $("urgent-seen").addEventListener("click", () => this.acknowledge(this.urgent()?.id));
    $("all-seen").addEventListener("click", () => this.acknowledgeAll());
  }

  /** Another run: nothing of the last one holds. */
  clear() {
    this.told = new Map(); // the last event of each alert, by id
    this.began = new Map(); // and the last that said what speaks for it
    this.active = [];
    this.cards = new Map();
    this.logged = new Set();
    this.shown = "";
    $("active").replaceChildren();
    this.show();
  }

  /** What the server remembers of before this page came. */
  async load() {
    try {
      const answer = await fetch("api/alerts", { cache: "no-store" });
      if (!answer.ok) return;
      const { active, log } = await answer.json();
      for (const event of log) this.event(event);
      for (const event of active) if (!this.told.has(event.id)) this.told.set(event.id, event);
      this.show();
    } catch {
      // the socket says soon enough that the server is away
    }
  }

  /** An alert's change, or an equipment alert's. */
  event(event) {
    const before = this.told.get(event.id);
    if (!before || event.sample >= before.sample) this.told.set(event.id, event);
    if (event.state === "on") this.began.set(event.id, event);
    for (const map of [this.told, this.began]) if (map.size > LOG) map.delete(map.keys().next().value);
    const phrases = event.state === "acknowledged" ? [] : evidenceWords(event.evidence);
    const words = `${alertWords(event)} ${stateWords(event.state)}${phrases.length ? `: ${phrases.join(", ")}` : ""}`;
    this.log(`${event.id} ${event.state} ${event.sample} ${event.priority}`, event.utc, words, event.priority);
    this.show();
  }

  /** The alerts in force, the most urgent first, as the state has them. */
  state(alerts, elapsed_s) {
    this.active = alerts ?? [];
    this.elapsed_s = elapsed_s;
    this.show();
  }

  urgent() {
    return this.active.find(({ priority, state }) => priority === "high" && state !== "acknowledged");
  }

  show() {
    const here = new Set(this.active.map(({ id }) => id));
    for (const [id, card] of this.cards) {
      if (here.has(id)) continue;
      if (card.element.contains(document.activeElement)) $("alerts").focus(); // not lost with what had it
      card.element.remove();
      this.cards.delete(id);
    }
    this.active.forEach((alert, place) => {
      if (!this.cards.has(alert.id)) this.cards.set(alert.id, this.card(alert));
      const card = this.cards.get(alert.id), list = $("active");
      card.show(alert, this.began.get(alert.id) ?? this.told.get(alert.id), this.elapsed_s);
      if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
    });
    const unseen = this.active.filter(({ state }) => state !== "acknowledged");
    $("none").hidden = this.active.length > 0;
    $("alerts").classList.toggle("none-now", !this.active.length);
    $("all-seen").hidden = unseen.length < 2;
    this.showUrgent(unseen.filter(({ priority }) => priority === "high"));
  }

  /** The banner. Its words change only with the alerts, for each change is read out. */
  showUrgent(high) {
    if (!high.length && document.activeElement === $("urgent-seen")) $("alerts").focus();
    $("urgent").hidden = !high.length;
    const words = high.map((alert) => `${this.title(alert)}${alert.state === "off" ? " (over, not acknowledged)" : ""}`);
    if (words.join() !== this.shown) $("urgent-words").textContent = words.length ? `High priority: ${words.join("; ")}` : "";
    this.shown = words.join();
    document.title = words.length ? `\u25b2 ${words[0]}` : this.name || "edge-ecg";
  }

  title(alert) {
    return alertWords(this.told.get(alert.id) ?? alert);
  }

  card(alert) {
    const element = document.createElement("li");
    element.className = "alert";
    const title = document.createElement("h3"), badge = document.createElement("span"), name = document.createElement("span");
    const facts = document.createElement("ul"), rests = document.createElement("p"), since = document.createElement("p");
    const seen = button("Acknowledge", () => this.acknowledge(alert.id)), open = button("Strip", () => this.open(alert.id));
    const does = document.createElement("div"), box = document.createElement("div");
    rests.className = "rests";
    since.className = "since";
    does.className = "do";
    box.className = "strip";
    box.hidden = true;
    open.setAttribute("aria-expanded", "false");
    title.append(badge, name);
    does.append(seen, open);
    element.append(title, facts, rests, since, does, box);
    const show = (now, event, elapsed_s) => {
      badge.className = `priority ${PRIORITIES.includes(now.priority) ? now.priority : "low"}`;
      tell(badge, now.priority);
      tell(name, `${this.title(now)}${now.technical ? " (equipment)" : ""}`);
      if (document.activeElement === seen && now.state === "acknowledged") $("alerts").focus();
      seen.hidden = now.state === "acknowledged";
      seen.setAttribute("aria-label", `Acknowledge ${this.title(now)}`);
      open.hidden = now.technical;
      open.setAttribute("aria-label", `Strip of ${this.title(now)}`);
      const phrases = evidenceWords(event?.evidence), on = restsOn(event?.leads);
      while (facts.children.length > phrases.length) facts.lastChild.remove();
      while (facts.children.length < phrases.length) facts.append(document.createElement("li"));
      phrases.forEach((phrase, k) => tell(facts.children[k], phrase));
      facts.hidden = !phrases.length;
      rests.hidden = !on;
      tell(rests, on ? `Rests on ${on}` : "");
      const seconds = Math.max(0, (elapsed_s ?? now.since_s) - now.since_s);
      const began = clock(event?.utc), from = began ? `Told at ${began}; ` : "";
      const held = now.state === "off" ? `${from}over, not acknowledged yet` : `${from}for ${span(seconds)}`;
      tell(since, held + (now.state === "acknowledged" ? ", acknowledged" : ""));
    };
    return { element, show, box, open };
  }

  async open(id) {
    const { box, open } = this.cards.get(id);
    box.hidden = !box.hidden;
    open.setAttribute("aria-expanded", String(!box.hidden));
    if (box.hidden) return;
    box.textContent = "Fetching";
    await this.fill(id);
  }

  /** The strip, and once more when all of it is there. */
  async fill(id) {
    const { box } = this.cards.get(id) ?? {}, event = this.began.get(id) ?? this.told.get(id);
    if (!box || box.hidden) return;
    try {
      const answer = await fetch(`api/alerts/${encodeURIComponent(id)}/strip`);
      if (!answer.ok) {
        box.textContent = answer.status === FORGOTTEN ? "The server has forgotten this strip." : "No strip came.";
      } else if (!event || !this.strip(box, await answer.arrayBuffer(), event, `Strip of ${this.title(event)}`)) {
        box.textContent = "There is no signal in this strip.";
      }
      const whole_s = (event?.t ?? 0) + STRIP_AFTER_S - (this.elapsed_s ?? Infinity);
      if (whole_s > 0) setTimeout(() => this.fill(id), 1000 * whole_s);
    } catch {
      box.textContent = "The server does not answer.";
    }
  }

  acknowledge(id) {
    if (id) this.post(`api/alerts/${encodeURIComponent(id)}/acknowledge`);
  }

  /** The most urgent that nobody has seen. */
  acknowledgeFirst() {
    this.acknowledge(this.active.find(({ state }) => state !== "acknowledged")?.id);
  }

  acknowledgeAll() {
    if (this.active.length) this.post("api/alerts/acknowledge");
  }

  async post(path) {
    try {
      const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
      if (!answer.ok) throw new Error(`${answer.status}`);
    } catch (why) {
      this.log(`${path} ${performance.now()}`, new Date(), `Not acknowledged: the server refused or does not answer (${why.message})`);
    }
  }

  /** A line, once for each `key`, the newest first. */
  log(key, utc, words, priority = "") {
    if (this.logged.has(key)) return;
    this.logged.add(key);
    if (this.logged.size > KEYS) this.logged.delete(this.logged.values().next().value);
    const line = document.createElement("li"), at = document.createElement("time"), what = document.createElement("span");
    const when = new Date(utc), list = $("log");
    at.textContent = clock(when);
    if (!Number.isNaN(when.getTime())) at.dateTime = when.toISOString();
    what.textContent = priority ? `${words} (${priority})` : words;
    line.append(at, what);
    line.dataset.at = String(when.getTime());
    let before = list.firstChild;
    while (before && Number(before.dataset.at) > when.getTime()) before = before.nextSibling;
    list.insertBefore(line, before);
    while (list.children.length > LOG) list.lastChild.remove();
  }
}

function button(text, does) {
  const element = document.createElement("button");
  element.type = "button";
  element.textContent = text;
  element.addEventListener("click", does);
  return element;
}

