/** The page of recordings: a list, or the one that the address names, `#NAME` or `#NAME@seconds`. */

import * as api from "./review_api.js";
import { fillList } from "./review_list.js";
import { Viewer } from "./review_viewer.js";
import { ORIGINS } from "./paper.js";

const $ = (id) => document.getElementById(id);
let viewer = null, shown = "";

function failed(error) {
  const box = $("trouble");
  box.replaceChildren(error.status === 401 ? "You are not logged in. " : error.message);
  if (error.status === 401) {
    const link = document.createElement("a");
    link.href = "./";
    link.textContent = "Log in";
    box.append(link);
  }
  box.hidden = false;
}

function linked() {
  const text = location.hash.slice(1), at = text.lastIndexOf("@");
  const name = at < 0 ? text : text.slice(0, at), seconds = at < 0 ? 0 : Number(text.slice(at + 1));
  try {
    return { name: decodeURIComponent(name), seconds: Number.isFinite(seconds) ? Math.max(0, seconds) : 0 };
  } catch { // not what we write
    return { name: "", seconds: 0 };
  }
}

function head(title, about, inside) {
  $("title").textContent = title;
  document.title = `${title} - edge-ecg`;
  $("about").textContent = about;
  $("back").hidden = !inside;
  $("list").hidden = inside;
  $("viewer").hidden = !inside;
}

async function showList() {
  viewer?.close();
  viewer = null;
  shown = "";
  head("Recordings", "", false);
  $("listed").textContent = fillList($("recordings"), await api.json(""));
}

async function showRecording(name, seconds) {
  if (name === shown && viewer) {
    viewer.goTo(seconds);
    return;
  }
  viewer?.close();
  viewer = null;
  const record = await api.json(api.of(name));
  shown = name;
  const about = [record.device === name ? "" : name, `measured: ${record.montage.replaceAll(",", ", ")}`];
  head(record.device || name, about.filter(Boolean).join(" · "), true);
  viewer = new Viewer(record, failed);
  await viewer.begin(seconds);
}

async function go() {
  const { name, seconds } = linked();
  $("trouble").hidden = true;
  try {
    await (name && name !== "main" ? showRecording(name, seconds) : showList());
  } catch (error) {
    failed(error);
    if (name && !viewer) await showList().catch(failed);
  }
}

function legend() {
  $("legend").replaceChildren(...ORIGINS.slice(1).map((origin) => {
    const item = document.createElement("li"), tag = document.createElement("span");
    tag.className = `lead ${origin.name}`;
    tag.textContent = `${origin.mark} ${origin.name}`;
    item.append(tag, origin.name === "reconstructed" ? "an estimate from the measured leads" : origin.means);
    return item;
  }));
}

/** The theme that was chosen on the live page (settings.js keeps it there). */
function theme() {
  try {
    const chosen = JSON.parse(localStorage.getItem("edge-ecg display"))?.theme;
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch { /* nothing was chosen, or a browser that keeps nothing */ }
}

$("back").addEventListener("click", () => { location.hash = ""; });
addEventListener("hashchange", go);
theme();
legend();
go();
