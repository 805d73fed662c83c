/** Which stretch of a recording is shown, and how large. No drawing, no document: pixels are the canvas's own. */

export const USUAL_MM_PER_S = 25;
const FASTEST_MM_PER_S = 400;
const RAW_BELOW = 8; // samples a pixel up to which samples are drawn, not their least and greatest

export class View {
  /** `rate` in Hz, `samples` of the recording. */
  constructor(rate, samples) {
    this.rate = rate;
    this.samples = samples;
    this.first = 0; // sample at the left edge, and a fraction
    this.mmPerS = USUAL_MM_PER_S;
    this.width = 1; // px
    this.mm = 4; // px in a millimetre
    this.left = 0; // px before the first sample: where labels stand
  }

  get room() { return Math.max(1, this.width - this.left); }
  get samplesPerPx() { return this.rate / (this.mmPerS * this.mm); }
  get span() { return this.room * this.samplesPerPx; }
  get last() { return this.first + this.span; }
  get seconds() { return this.span / this.rate; }
  get middle() { return this.first + this.span / 2; }

  /** Samples a bin that suit the screen: a power of two. */
  get step() {
    const per = this.samplesPerPx;
    return per < RAW_BELOW ? 1 : 2 ** Math.floor(Math.log2(per));
  }

  x(sample) { return this.left + (sample - this.first) / this.samplesPerPx; }
  sample(x) { return this.first + (x - this.left) * this.samplesPerPx; }

  fit(width, mm) {
    const middle = this.middle, fresh = this.width === 1;
    this.width = width;
    this.mm = mm;
    this.scrollTo(fresh ? this.first : middle - this.span / 2);
  }

  grow(samples) { this.samples = samples; }

  scrollTo(first) { this.first = Math.max(0, Math.min(first, this.samples - this.span)); }
  scrollBy(samples) { this.scrollTo(this.first + samples); }
  centre(sample) { this.scrollTo(sample - this.span / 2); }

  /** To `mmPerS`; what lies at pixel `x` stays there. */
  zoomTo(mmPerS, x = this.left + this.room / 2) {
    const kept = this.sample(x), whole = (this.room / this.mm) / (this.samples / this.rate);
    this.mmPerS = Math.max(Math.min(whole, USUAL_MM_PER_S), Math.min(FASTEST_MM_PER_S, mmPerS));
    this.scrollTo(kept - (x - this.left) * this.samplesPerPx);
  }

  zoomBy(factor, x) { this.zoomTo(this.mmPerS * factor, x); }

  /** To the next of 25 mm/s times a power of two, `by` +1 larger or -1 smaller. */
  zoomStep(by) {
    const at = Math.log2(this.mmPerS / USUAL_MM_PER_S);
    this.zoomTo(USUAL_MM_PER_S * 2 ** (by > 0 ? Math.floor(at + 1.001) : Math.ceil(at - 1.001)));
  }
}
