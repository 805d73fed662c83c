/** All patches of a gateway: a card each, asked for once a second. The patch's own page is behind its name. */

import { Login } from "./login.js";
import { $, tell } from "./panel.js";
import { kindWords, rhythmWords } from "./words.js";

const EVERY_MS = 1000;
const LATE_MS = 5000; // without an answer: what stands here is old
const cards = new Map(); // by the patch's name
const login = new Login($("login"), () => {
  document.body.classList.remove("locked");
  look();
});
let answered_ms = 0;

async function look() {
  clearTimeout(look.timer);
  try {
    const answer = await fetch("api/patches", { cache: "no-store", signal: AbortSignal.timeout(LATE_MS) });
    if (answer.status === 401) {
      const session = await (await fetch("/api/session", { cache: "no-store" })).json();
      document.body.classList.add("locked");
      tell($("up"), "not logged in");
      login.ask(session);
      return;
    }
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    show((await answer.json()).patches);
    answered_ms = performance.now();
    tell($("trouble"), "");
    $("up").dataset.up = "yes";
    tell($("up"), "live");
  } catch {
    if (performance.now() - answered_ms > LATE_MS) {
      tell($("trouble"), "The server is away: what is shown here is old; trying again");
      $("up").dataset.up = "no";
      tell($("up"), "server away");
    }
  }
  look.timer = setTimeout(look, EVERY_MS);
}

function show(patches) {
  const names = new Set(patches.map(({ name }) => name));
  for (const [name, card] of cards) {
    if (names.has(name)) continue;
    card.box.remove();
    cards.delete(name);
  }
  for (const patch of patches) {
    if (!cards.has(patch.name)) cards.set(patch.name, made(patch.name));
    fill(cards.get(patch.name), patch);
  }
  $("none").hidden = patches.length > 0;
  const live = patches.filter(({ phase }) => phase === "live").length;
  tell($("about"), `${live} of ${patches.length} live`);
}

/** An empty card; every word on it is set as text. */
function made(name) {
  const box = document.createElement("li"), parts = { box };
  box.className = "card patch";
  const part = (key, tag, parent = box, kind = key) => {
    const element = document.createElement(tag);
    element.className = kind;
    parent.append(element);
    parts[key] = element;
    return element;
  };
  const head = part("head", "h3");
  const link = part("link", "a", head);
  link.href = `p/${encodeURIComponent(name)}/`;
  link.textContent = name;
  part("phase", "span", head, "chip");
  part("device", "p", box, "about");
  const numbers = part("numbers", "p", box, "rates");
  part("bpm", "b", numbers);
  part("unit", "small", numbers).textContent = " per minute";
  part("rhythm", "span", numbers);
  part("alerts", "ul", box, "plain urgents");
  part("facts", "p", box, "about");
  $("patches").append(box);
  return parts;
}

function fill(card, { phase, reason, restarts, device, state }) {
  const live = phase === "live", up = live && state.link_up;
  card.phase.dataset.up = up ? "yes" : "no";
  tell(card.phase, live && !state.link_up ? "link lost" : phase);
  card.box.classList.toggle("stale", !up);
  tell(card.device, reason || device || "waiting for the patch");
  tell(card.bpm, state.heart_rate_bpm === null ? "--" : Math.round(state.heart_rate_bpm).toString());
  tell(card.rhythm, state.rhythm ? rhythmWords(state.rhythm) : "");
  const alerts = state.alerts.map((alert) => {
    const item = document.createElement("li");
    item.className = `urgent-${alert.priority}`;
    item.textContent = `${kindWords(alert.kind)}${alert.state === "off" ? ", over" : alert.state === "acknowledged" ? ", seen" : ""}`;
    return item;
  });
  card.alerts.replaceChildren(...alerts);
  const lost = Object.values(state.lost).reduce((sum, n) => sum + n, 0);
  const facts = [`${lost} samples lost`];
  if (state.battery_percent !== null) facts.unshift(`battery ${Math.round(state.battery_percent)} %`);
  if (state.electrodes_off.length) facts.push(`electrode off: ${state.electrodes_off.join(", ")}`);
  const poor = Object.entries(state.quality).filter(([, q]) => q !== null && q < 0.5).map(([lead]) => lead);
  if (poor.length) facts.push(`poor signal: ${poor.join(", ")}`);
  if (restarts) facts.push(`restarted ${restarts} ${restarts === 1 ? "time" : "times"}`);
  tell(card.facts, facts.join(" \u00b7 "));
}

look();
