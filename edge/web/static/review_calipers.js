/** Two lines in time and two in voltage, by pointer or keys; what lies between them in ms, beats a minute and mV. */

const STEP_S = 0.002; // an arrow key; ten times as far with Shift
const STEP_MV = 0.01;
const BEGIN_AT = [0.35, 0.65]; // of the width, when they are opened

export class Calipers {
  /** `screen()`: {view, baseline(lead) px, pxPerMv, ratio}; `changed()` is called when a line moved. */
  constructor(holder, readout, screen, changed) {
    this._holder = holder;
    this._readout = readout;
    this._screen = screen;
    this._changed = changed;
    this.samples = [0, 0];
    this.mv = [0, 1];
    this.lead = "II";
    this._handles = [
      ...["A", "B"].map((name, k) => this._handle("time", name, `Time line ${name}`, k)),
      ...["1", "2"].map((name, k) => this._handle("level", name, `Level line ${name}`, k)),
    ];
    holder.replaceChildren(...this._handles.map((one) => one.element));
  }

  get open() { return !this._holder.hidden; }

  toggle(open = !this.open) {
    this._holder.hidden = this._readout.hidden = !open;
    const { view } = this._screen();
    if (open && this.samples.some((at) => at < view.first || at > view.last)) {
      this.samples = BEGIN_AT.map((share) => view.first + share * view.span);
    } else if (open && this.samples[0] === this.samples[1]) {
      this.samples = BEGIN_AT.map((share) => view.first + share * view.span);
    }
    this.place();
  }

  /** Puts the lines where the view wants them, and says what they measure. */
  place() {
    if (!this.open) return;
    const { view, baseline, pxPerMv, ratio } = this._screen();
    for (const { element, kind, k } of this._handles) {
      if (kind === "time") {
        element.style.transform = `translateX(${view.x(this.samples[k]) / ratio}px)`;
        element.hidden = this.samples[k] < view.first || this.samples[k] > view.last;
      } else {
        element.style.transform = `translateY(${(baseline(this.lead) - this.mv[k] * pxPerMv) / ratio}px)`;
      }
      this._tell(element, kind, k);
    }
    this._say(view.rate);
  }

  measure(rate) {
    const seconds = Math.abs(this.samples[1] - this.samples[0]) / rate;
    return { ms: 1000 * seconds, perMin: seconds ? 60 / seconds : null, mv: this.mv[1] - this.mv[0] };
  }

  _say(rate) {
    const { ms, perMin, mv } = this.measure(rate);
    const parts = [`${ms.toFixed(0)} ms`, perMin && perMin < 1000 ? `${perMin.toFixed(1)} /min` : "", `${mv.toFixed(3)} mV`];
    const words = parts.filter(Boolean).join("  ");
    if (this._said === words + this.lead) return;
    this._said = words + this.lead;
    const nodes = parts.filter(Boolean).map((part) => {
      const strong = document.createElement("b");
      strong.textContent = part;
      return strong;
    });
    const on = document.createElement("span");
    on.className = "soft";
    on.textContent = `levels on ${this.lead}; drag the lines, or Tab to one and use the arrows`;
    this._readout.replaceChildren(...nodes.flatMap((node) => [node, " "]), on);
  }

  _tell(element, kind, k) {
    const value = kind === "time" ? this.samples[k] / this._screen().view.rate : this.mv[k];
    element.setAttribute("aria-valuenow", value.toFixed(3));
    element.setAttribute("aria-valuetext", `${value.toFixed(3)} ${kind === "time" ? "seconds" : "millivolts"}`);
  }

  _handle(kind, name, label, k) {
    const element = document.createElement("div");
    element.className = `handle ${kind}`;
    element.tabIndex = 0;
    element.setAttribute("role", "slider");
    element.setAttribute("aria-label", label);
    element.setAttribute("aria-orientation", kind === "time" ? "horizontal" : "vertical");
    const grip = document.createElement("span");
    grip.textContent = name;
    grip.setAttribute("aria-hidden", "true");
    element.append(grip);
    element.addEventListener("pointerdown", (event) => {
      element.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    element.addEventListener("pointermove", (event) => {
      if (element.hasPointerCapture(event.pointerId)) this._drag(kind, k, event);
    });
    element.addEventListener("keydown", (event) => this._press(kind, k, event));
    return { element, kind, k };
  }

  _drag(kind, k, event) {
    const { view, baseline, pxPerMv, ratio } = this._screen(), box = this._holder.getBoundingClientRect();
    if (kind === "time") {
      this._move(kind, k, view.sample((event.clientX - box.left) * ratio));
    } else {
      this._move(kind, k, (baseline(this.lead) - (event.clientY - box.top) * ratio) / pxPerMv);
    }
  }

  _press(kind, k, event) {
    const [less, more] = kind === "time" ? ["ArrowLeft", "ArrowRight"] : ["ArrowDown", "ArrowUp"];
    const way = event.key === more ? 1 : event.key === less ? -1 : 0;
    if (!way) return;
    event.preventDefault();
    const by = way * (event.shiftKey ? 10 : 1) * (kind === "time" ? STEP_S * this._screen().view.rate : STEP_MV);
    this._move(kind, k, (kind === "time" ? this.samples : this.mv)[k] + by);
  }

  _move(kind, k, to) {
    const { view } = this._screen();
    if (kind === "time") this.samples[k] = Math.max(0, Math.min(view.samples, to));
    else this.mv[k] = to;
    this.place();
    this._changed();
  }
}
