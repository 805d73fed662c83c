/** The alerts of a recording: a table to choose from, and all that is known of the chosen one. */

import { clock, day, duration, RecordClock } from "./review_clock.js";
import { alertWords, evidenceWords, restsOn } from "./words.js";

export function priorityTag(alert) {
  const tag = document.createElement("span");
  tag.className = `priority ${alert.priority}`;
  tag.textContent = alertWords(alert);
  tag.title = `${alert.priority} priority`;
  return tag;
}

/** `choose(alert)` is called with the one that was clicked. */
export function fillAlerts(body, alerts, record, choose) {
  const taken = new RecordClock(record);
  body.replaceChildren(...alerts.map((alert) => {
    const row = document.createElement("tr"), time = document.createElement("td"), what = document.createElement("td");
    time.textContent = clock(taken.ms(alert.onset));
    const button = document.createElement("button");
    button.type = "button";
    const more = document.createElement("span");
    more.className = "sr-only";
    more.textContent = `, ${alert.priority} priority`;
    button.append(priorityTag(alert), more);
    button.addEventListener("click", () => choose(alert));
    what.append(button);
    row.append(time, what);
    return row;
  }));
}

/** Marks the one at index `at` and brings it into view inside its list; the page itself stays where it is. */
export function markChosen(body, at) {
  [...body.querySelectorAll("button")].forEach((button, k) => button.setAttribute("aria-current", String(k === at)));
  const row = body.rows[at], list = body.closest(".alerts");
  if (row) list.scrollTop = row.offsetTop - (list.clientHeight - row.offsetHeight) / 2;
}

/** What is known of `alert`: when, how long, what speaks for it, on which leads and where they come from. */
export function tellAlert(card, alert, at, count, record) {
  const ms = new RecordClock(record).ms(alert.onset);
  const head = document.createElement("p");
  head.append(priorityTag(alert), ` ${alert.priority} priority, ${at + 1} of ${count}`);
  const told = (alert.sample - alert.onset) / record.rate, list = document.createElement("dl");
  const facts = [
    ["Began", `${day(ms)} ${clock(ms, 1)}`],
    ["Told", told > 0 ? `${duration(told)} later` : "at once"],
    ["Lasted", alert.ended === null ? "not told" : duration((alert.ended - alert.onset) / record.rate)],
    ["Evidence", evidenceWords(alert.evidence).join("; ") || "not kept beside the recording"],
    ["Rests on", restsOn(alert.leads) || "not kept"],
  ];
  if (alert.strip) facts.push(["Strip", `${record.name}_alerts/${alert.strip}`]);
  for (const [name, value] of facts) {
    const dt = document.createElement("dt"), dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    list.append(dt, dd);
  }
  card.replaceChildren(head, list);
  card.hidden = false;
}

/** The one before or after sample `at`, or before or after the chosen; -1 where there is none. */
export function neighbour(alerts, chosen, at, way) {
  const index = alerts.indexOf(chosen);
  if (index >= 0) return index + way >= 0 && index + way < alerts.length ? index + way : -1;
  const next = alerts.findIndex((alert) => alert.onset > at);
  if (way > 0) return next;
  return next < 0 ? alerts.length - 1 : next - 1;
}
