/** Wheel, drag, pinch and keys on the traces, as what they mean: scroll by so many pixels, zoom about a pixel. */

const WHEEL_ZOOM = 0.0015; // of the scale a pixel of the wheel
const WHEEL_LINE_PX = 16; // where the wheel counts lines
const TYPED = new Set(["INPUT", "SELECT", "TEXTAREA"]);

/** Letters and signs; they can be turned off, since speech and dictation may press them. */
const LETTERS = { "+": "in", "=": "in", "-": "out", 0: "usual", n: "next", p: "previous", c: "calipers" };
export const NAMED = {
  ArrowLeft: "left", ArrowRight: "right", PageUp: "earlier", PageDown: "later", Home: "begin", End: "end",
};

/** `does`: {scroll(px), zoom(factor, x px), key(what)}; pixels are CSS's. Returns what ends it. */
export function gestures(element, does) {
  const ending = new AbortController(), options = { signal: ending.signal }, pointers = new Map();
  let apart = 0;
  const x = (event) => event.clientX - element.getBoundingClientRect().left;
  const spread = () => {
    const [a, b] = [...pointers.values()];
    return { apart: Math.max(20, Math.abs(a - b)), middle: (a + b) / 2 };
  };

  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? WHEEL_LINE_PX : 1;
    if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      does.scroll((event.deltaX || event.deltaY) * unit);
    } else {
      does.zoom(Math.exp(-event.deltaY * unit * WHEEL_ZOOM), x(event));
    }
  }, { ...options, passive: false });

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest(".handle")) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, x(event));
    element.classList.add("dragged");
    if (pointers.size === 2) apart = spread().apart;
  }, options);

  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    pointers.set(event.pointerId, x(event));
    if (pointers.size === 1) {
      does.scroll(before - x(event));
    } else if (pointers.size === 2) {
      const now = spread();
      does.zoom(now.apart / apart, now.middle);
      apart = now.apart;
    }
  }, options);

  for (const kind of ["pointerup", "pointercancel"]) {
    element.addEventListener(kind, (event) => {
      pointers.delete(event.pointerId);
      if (!pointers.size) element.classList.remove("dragged");
    }, options);
  }
  return () => ending.abort();
}

/** Keys anywhere on the page, but where something is typed or moved. `letters()`: are those of one letter on? */
export function keys(does, letters) {
  const ending = new AbortController();
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || TYPED.has(at.tagName)) return;
    const letter = LETTERS[event.key.toLowerCase()];
    const what = letter ? letters() && letter : !at.closest(".alerts") && NAMED[event.key];
    if (!what) return;
    event.preventDefault();
    does(what);
  }, { signal: ending.signal });
  return () => ending.abort();
}
