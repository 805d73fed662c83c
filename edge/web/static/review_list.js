/** The list of recordings as a table. All text comes from files: it goes in as text. */

import { clock, day, duration } from "./review_clock.js";

function cell(row, head, words, kind = "td") {
  const element = document.createElement(kind);
  if (head) element.dataset.head = head;
  element.append(words);
  row.append(element);
  return element;
}

function named(recording) {
  const name = document.createElement(recording.problem ? "span" : "a");
  name.textContent = recording.device || recording.name;
  if (!recording.problem) name.href = `#${encodeURIComponent(recording.name)}`;
  return name;
}

function row(recording) {
  const out = document.createElement("tr"), first = cell(out, "", named(recording));
  if (recording.device && recording.device !== recording.name) {
    const small = document.createElement("small");
    small.textContent = recording.name;
    first.append(small);
  }
  if (recording.problem) {
    const told = cell(out, "", recording.problem);
    told.colSpan = 5;
    told.className = "problem";
    return out;
  }
  const began = Date.parse(recording.start_utc);
  cell(out, "Began", `${day(began)} ${clock(began)}`);
  cell(out, "Length", duration(recording.duration_s));
  cell(out, "Missing", recording.missing_s ? duration(recording.missing_s) : "nothing");
  cell(out, "Measured", recording.montage.replaceAll(",", ", "));
  cell(out, "Alerts", recording.alerts + (recording.technical ? ` and ${recording.technical} of the equipment` : ""));
  return out;
}

/** Fills `body` with the recordings; returns the words to put under them. */
export function fillList(body, { recordings, left_out: leftOut }) {
  body.replaceChildren(...recordings.map(row));
  if (!recordings.length) return "Nothing was recorded yet: edge-run … --record DIR begins one.";
  return leftOut ? `${leftOut} more are in the folder.` : "";
}
