/**
 * The signal as this page has it: one axis of samples, through losses, naps and restarts of the server.
 *
 * A run counts its samples from 0. Another run is put behind the last one, as far as the clocks say that it began later, so
 * that the hole between them is as long as it was; `shift` is what its samples are moved by.
 */

import { PlayOut } from "./playout.js";
import { Ring } from "./ring.js";

const BETWEEN_RUNS_S = 0.5; // where no clock says how long it was: a replay that was started again

export class Stream {
  /** `missed({seconds, from, why})`: the page has a hole that the run has not. */
  constructor(missed) {
    this.missed = missed;
    this.ring = new Ring();
    this.run = null;
    this.shift = 0;
    this.placed = null; // the run whose shift is known
    this.rate = 500;
    this.playOut = new PlayOut(this.rate);
    this.why = ""; // the page may have missed something
  }

  /** Whether this is another run than before. */
  hello(hello) {
    const another = this.run !== null && hello.run !== this.run, first = this.run === null;
    this.run = hello.run;
    if (hello.start_utc && this.placed !== hello.run) this.place(hello);
    return another || first;
  }

  place(hello) {
    const start_ms = Date.parse(hello.start_utc), speed = hello.speed ?? Infinity, { end } = this.ring;
    this.rate = hello.rate || this.rate;
    if (end !== null) {
      const gone = Math.round(((start_ms - this.start_ms) / 1000) * this.rate);
      const live = speed === 1 && this.live && hello.kind !== "replay" && hello.kind !== "demo";
      this.shift = Math.max(live ? this.shift + gone : 0, end + Math.round(BETWEEN_RUNS_S * this.rate));
      this.why = "";
    }
    this.live = hello.kind !== "replay" && hello.kind !== "demo";
    this.start_ms = start_ms;
    this.placed = hello.run;
    this.playOut = new PlayOut(this.rate, speed);
    this.newest = null;
  }

  /** A block, as frames.js reads it. */
  block(block) {
    const start = block.start + this.shift, { end } = this.ring;
    if (end !== null && start > end && this.why) {
      this.missed({ seconds: (start - end) / this.rate, why: this.why });
    }
    this.why = "";
    this.ring.put(block, this.shift);
    this.newest = start;
  }

  hole({ start, n }) {
    this.ring.hole(start + this.shift, n);
  }

  /** A message is read: what came in it came now. */
  took(now_s) {
    if (this.newest === null || this.newest === undefined) return;
    this.playOut.arrived(this.newest, this.ring.end, now_s);
    this.newest = null;
  }

  /** The connection went, or the server left something out. */
  interrupted(why) {
    this.why = why;
    this.playOut.rejoin();
  }

  /** What to ask for after a loss. */
  query() {
    return this.placed && this.placed === this.run ? `run=${encodeURIComponent(this.run)}&after=${this.ring.end - this.shift}` : "";
  }
}
