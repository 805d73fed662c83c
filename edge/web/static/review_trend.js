/** Rhythm, heart rate and ST level as a table: for those who do not see the curves. */

import { clock, day, RecordClock } from "./review_clock.js";
import { rhythmWords } from "./words.js";

const ROW_S = [600, 3600, 6 * 3600]; // the first that makes no more than MOST_ROWS
const MOST_ROWS = 48;

function median(values) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known.length ? known[Math.floor((known.length - 1) / 2)] : null;
}

function rhythmsIn(rhythms, first, last) {
  const labels = rhythms.filter(([from, to]) => from < last && to > first).map((one) => rhythmWords(one[2]));
  return [...new Set(labels)].join(", ");
}

/** `trend`, `rhythms`: as the server tells them. */
export function trendTable(holder, { trend, rhythms }, record) {
  const leads = Object.keys(trend.st_j60_uv), stepS = trend.step / record.rate, taken = new RecordClock(record);
  const rowS = ROW_S.find((seconds) => (trend.count * stepS) / seconds <= MOST_ROWS) ?? ROW_S.at(-1);
  const each = Math.max(1, Math.round(rowS / stepS)), table = document.createElement("table"), body = document.createElement("tbody");
  const head = document.createElement("tr");
  for (const words of ["Time", "Rhythm", "Rate /min", ...leads.map((lead) => `ST ${lead} mV`)]) {
    const th = document.createElement("th");
    th.scope = "col";
    th.textContent = words;
    head.append(th);
  }
  for (let k = 0; k < trend.count; k += each) {
    const at = taken.ms(trend.first + k * trend.step), row = document.createElement("tr");
    const time = document.createElement("th");
    time.scope = "row";
    time.textContent = `${day(at)} ${clock(at).slice(0, 5)}`;
    row.append(time);
    const rate = median(trend.rate_per_min.median.slice(k, k + each));
    const levels = leads.map((lead) => median(trend.st_j60_uv[lead].slice(k, k + each)));
    const first = trend.first + k * trend.step, held = rhythmsIn(rhythms, first, first + each * trend.step);
    for (const words of [held, rate === null ? "" : rate.toFixed(0), ...levels.map((uv) => (uv === null ? "" : (uv / 1000).toFixed(2)))]) {
      const td = document.createElement("td");
      td.textContent = words || "none";
      row.append(td);
    }
    body.append(row);
  }
  const thead = document.createElement("thead");
  thead.append(head);
  table.append(thead, body);
  holder.replaceChildren(table);
}
