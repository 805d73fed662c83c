/** The live page: what comes by the socket goes to the traces, the numbers and the alerts. */

import { LEADS, colours, leadLabel, millimetre, suited, tellOrigin } from "./paper.js";
import { eachFrame } from "./frames.js";
import { Alerts } from "./alerts.js";
import { Login } from "./login.js";
import { $, Panel, tell } from "./panel.js";
import { Settings } from "./settings.js";
import { Socket } from "./socket.js";
import { Stream } from "./stream.js";
import { Traces } from "./traces.js";
import { showStrip } from "./strip.js";
import { clock, kindWords, rhythmWords, span } from "./words.js";

const RULER_MM = 50;
const UNDER_PAPER_PX = 64; // kept free below the paper, for the legend and the page's foot
const LEAST_MISSED_S = 0.3; // less is not worth a line
const BEATS = 32; // waiting to be shown

const stream = new Stream(({ seconds, why }) => {
  if (seconds >= LEAST_MISSED_S) note(`${why}: ${span(seconds)} of signal are not on this page`);
});
const traces = new Traces($("under"), $("over"), stream.ring);
const panel = new Panel();
const alerts = new Alerts((box, message, event, title) =>
  showStrip(box, message, event, title, stream.rate, { ...settings.values }, colours()));
const settings = new Settings($("settings"), arrange, (words) => tell($("spoken"), words));
const login = new Login($("login"), () => {
  document.body.classList.remove("locked");
  socket.go();
});
const socket = new Socket(() => stream.query(), take, connection);
const beats = new Float64Array(BEATS); // samples of beats whose lamp is still to be lit
let beatsTold = 0, beatsShown = 0, hello = {}, state = {}, frozen = false, up = false, labels = [];

const handlers = {
  hello(told) {
    const another = stream.hello(told), restarted = another && hello.run;
    hello = told;
    alerts.name = told.device;
    panel.hello(told);
    if (!another) return;
    if (restarted) note("The server was started again: another run begins");
    alerts.clear();
    alerts.load();
  },
  block(block) {
    stream.block(block);
    panel.block(block);
    tellLeads(block.origin);
  },
  hole: (hole) => stream.hole(hole),
  state(told) {
    state = told;
    panel.state(told, hello);
    alerts.state(told.alerts, told.elapsed_s);
    tell($("clock"), clock(told.utc) || "--:--:--");
    trouble();
  },
  event,
  over({ text, staying }) {
    if (staying) note(`The run is over: ${text}`);
    state = { ...state, phase: "over", over: text };
    trouble();
  },
  skipped: () => stream.interrupted("This page was too slow"),
};

function take(message) {
  eachFrame(message, handlers);
  stream.took(performance.now() / 1000);
}

function event(told) {
  if (told.type === "alert" || told.type === "technical") alerts.event(told);
  else if (told.type === "beat") {
    traces.beat(told.sample + stream.shift, told.class ?? "N");
    beats[beatsTold++ % BEATS] = told.sample + stream.shift;
  } else if (told.type === "rhythm") line(told, `Rhythm: ${rhythmWords(told.label)}`);
  else if (told.type === "gap") line(told, `${told.samples} samples lost (${told.cause})`);
  else if (told.type === "link" || told.type === "output") line(told, told.text);
  else if (told.type === "button") line(told, "The patch's button was pressed");
}

const line = (told, words) => alerts.log(`${told.type} ${told.sample} ${words}`, told.utc, words);
const note = (words) => alerts.log(`${words} ${performance.now()}`, new Date(), words);

/** What became of the connection to the server. */
function connection({ up: now, text, login: session, again_s }) {
  if (session) {
    document.body.classList.add("locked");
    login.ask(session);
  }
  if (up && !now) {
    stream.interrupted("This page was not connected");
    note(`Connection lost: ${text}`);
  }
  if (!up && now && hello.run) note("Connected again");
  up = now;
  connection.text = session ? "" : again_s ? `${text}; trying again` : text;
  trouble();
}

/** One bar for what stands between the patch and this page, and the page greyed meanwhile. */
function trouble() {
  const lost = up && state.phase === "live" && state.link_up === false;
  const over = state.phase === "over";
  const words = !up ? connection.text : lost ? "Link to the patch lost: reconnecting" : over ? `The run is over${state.over ? `: ${state.over}` : ""}` : "";
  tell($("trouble"), words ? words.charAt(0).toUpperCase() + words.slice(1) : "");
  $("up").dataset.up = up && !lost && !over ? "yes" : "no";
  tell($("up"), !up ? "server away" : over ? "over" : lost ? "link lost" : state.phase === "live" ? "live" : "waiting");
  document.body.classList.toggle("stale", !up || lost || over);
  document.body.classList.toggle("waiting", !hello.device);
  $("empty").hidden = stream.ring.end !== null;
}

/** Lays the paper out anew: another size, scale, theme or layout. */
function arrange() {
  const look = settings.values, box = $("paper"), width = box.clientWidth;
  if (!width) return;
  const mm = millimetre(look.size), ratio = devicePixelRatio || 1, top = box.getBoundingClientRect().top + scrollY;
  const chosen = look.layout === "auto" ? suited(width) : look.layout;
  const plan = traces.arrange({ ...look, layout: chosen }, width, innerHeight - top - UNDER_PAPER_PX, mm, stream.rate, colours(), ratio);
  box.style.height = `${plan.height / ratio + 2}px`;
  $("ruler").style.width = `${(RULER_MM * mm) / ratio}px`;
  tell($("scale"), `${look.mmPerS} mm/s \u00b7 ${look.mmPerMv} mm/mV \u00b7 ${look.mode}`);
  labels = plan.panes.flatMap((pane) => pane.leads.map(({ lead, top: at }) => {
    const label = leadLabel(lead);
    label.style.left = `${(pane.x + mm) / ratio}px`;
    label.style.top = `${(at + mm / 2) / ratio}px`;
    return { label, lead, code: -1, note: "" };
  }));
  $("labels").classList.toggle("short", chosen === "12x1");
  $("labels").replaceChildren(...labels.map(({ label }) => label));
  tellLeads(arrange.origin ?? new Uint8Array(LEADS.length));
}

/** What each lead is now, on its label. */
function tellLeads(origin) {
  arrange.origin = origin;
  for (const one of labels) {
    const off = origin[one.lead] !== 2 && state.electrodes_off?.includes(LEADS[one.lead]);
    const words = off ? kindWords("electrode_off").toLowerCase() : "";
    if (one.code === origin[one.lead] && one.note === words) continue;
    one.code = origin[one.lead];
    one.note = words;
    tellOrigin(one.label, one.code, words);
  }
}

function frame(now_ms) {
  requestAnimationFrame(frame);
  if (frozen || !traces.plan) return;
  const head = stream.playOut.at(now_ms / 1000);
  if (head === null) return;
  traces.advance(head);
  while (beatsShown < beatsTold && beats[beatsShown % BEATS] <= head) {
    if (beatsTold - beatsShown <= BEATS && head - beats[beatsShown % BEATS] < stream.rate) panel.beat();
    beatsShown += 1;
  }
}

function freeze() {
  frozen = !frozen;
  $("freeze").setAttribute("aria-pressed", String(frozen));
  $("held").hidden = !frozen;
}

function keys(pressed) {
  const field = pressed.target.closest?.("input, select, textarea, button, a, [tabindex='0']");
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey || settings.values.keys === "off") return;
  if (pressed.target.closest?.("dialog, input, select, textarea")) return;
  if (pressed.key === " " && !field) freeze();
  else if (pressed.key === "?") $("help-box").showModal();
  else if (pressed.key === "a") alerts.acknowledgeFirst();
  else if (pressed.key === "A") alerts.acknowledgeAll();
  else if (!settings.press(pressed.key)) return;
  pressed.preventDefault();
}

$("patches").hidden = !location.pathname.startsWith("/p/"); // one of a gateway's
$("freeze").addEventListener("click", freeze);
$("display").addEventListener("click", () => $("display-box").showModal());
$("help").addEventListener("click", () => $("help-box").showModal());
addEventListener("keydown", keys);
const resized = new ResizeObserver(() => requestAnimationFrame(arrange)); // not within the observer: it would see itself
for (const element of [$("paper").parentElement, $("urgent"), $("trouble")]) resized.observe(element);
addEventListener("resize", arrange);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", arrange);

arrange();
requestAnimationFrame(frame);
socket.go();

/** For tests and the curious, in the browser's console. */
globalThis.edgePage = { stream, traces, settings, alerts, socket };
