/** What a person chooses of the display, kept in this browser; the keys that choose it. */

import { MM_PER_MV, MM_PER_S } from "./paper.js";

const KEPT = "edge-ecg display";
const CHOICES = Object.freeze({
  mmPerS: MM_PER_S,
  mmPerMv: MM_PER_MV,
  mode: ["sweep", "scroll"],
  layout: ["auto", "12x1", "6x2", "3x4"],
  theme: ["auto", "light", "dark"],
  keys: ["on", "off"],
});
const FIRST = Object.freeze({ mmPerS: 25, mmPerMv: 10, mode: "sweep", layout: "auto", theme: "auto", keys: "on", size: 1 });
const KEYS = Object.freeze({ s: "mmPerS", g: "mmPerMv", m: "mode", l: "layout", t: "theme" });
const SIZE = Object.freeze([0.5, 2]); // times what CSS says; more is no screen's fault

export class Settings {
  /** `changed(values)` after each change. `says(text)`: the change in words. */
  constructor(form, changed, says) {
    this.form = form;
    this.changed = changed;
    this.says = says;
    this.values = { ...FIRST, ...kept() };
    this.show();
    form.addEventListener("change", () => this.read());
    form.addEventListener("input", ({ target }) => target.name === "size" && this.read());
  }

  /** Puts the choices into the form and the theme onto the page. */
  show() {
    for (const [name, value] of Object.entries(this.values)) {
      const field = this.form.elements[name];
      if (field) field.value = String(value);
    }
    const { theme } = this.values;
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  read() {
    const given = Object.fromEntries(new FormData(this.form));
    this.set(checked({ ...given, mmPerS: Number(given.mmPerS), mmPerMv: Number(given.mmPerMv), size: Number(given.size) }));
  }

  set(values) {
    Object.assign(this.values, values);
    this.show();
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.values));
    } catch {
      // a browser that keeps nothing: the choice holds as long as the page
    }
    this.changed(this.values);
  }

  /** The next choice of what `key` stands for; whether it stands for anything. */
  press(key) {
    const name = KEYS[key];
    if (!name) return false;
    const choices = CHOICES[name], next = choices[(choices.indexOf(this.values[name]) + 1) % choices.length];
    this.set({ [name]: next });
    this.says(this.words(name));
    return true;
  }

  words(name) {
    const value = this.values[name];
    if (name === "mmPerS") return `${value} mm per second`;
    if (name === "mmPerMv") return `${value} mm per millivolt`;
    return `${{ mode: "Traces", layout: "Layout", theme: "Theme" }[name]}: ${value}`;
  }
}

/** What this browser kept, as far as it still makes sense. */
function kept() {
  try {
    return checked(JSON.parse(localStorage.getItem(KEPT) ?? "{}"));
  } catch {
    return {};
  }
}

function checked(values) {
  const good = {};
  for (const [name, choices] of Object.entries(CHOICES)) if (choices.includes(values?.[name])) good[name] = values[name];
  if (values?.size >= SIZE[0] && values.size <= SIZE[1]) good.size = values.size;
  return good;
}
