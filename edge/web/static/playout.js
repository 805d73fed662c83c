/**
 * When each sample is shown: at the pace at which it was taken, however it came.
 *
 * Blocks come in bursts, the reconstructed ones a second at a time. So what is shown stays behind what has come by the
 * longest wait between two of them: the head runs on at a constant pace and is never out of signal. Where that wait changes,
 * the head goes a little faster or slower; only where it is far off does it jump.
 */

const MARGIN_S = 0.12; // for a network that is late, beside what was seen
const JUMP_S = 2; // further off, the head jumps
const BREAK_S = 1; // later than it ever was by more than this is a break, not a wait to reckon with
const HURRY = 0.04; // of the pace at most, to make good: not to be seen in a rhythm
const MAKE_GOOD_S = 2; // in which a small deviation is made good
const SEEN_S = 20; // looked back at, by whole seconds
const JOINING_S = 0.5; // in which a server tells at once what it still has: no wait to reckon with
const MOST_STEP_S = 0.25; // between two frames of the screen; longer, and the page was asleep

export class PlayOut {
  /** `rate`: samples a second of the stream; `speed`: times real time, Infinity: show what there is. */
  constructor(rate, speed = 1) {
    this.rate = rate;
    this.pace = rate * speed;
    this.head = null; // sample up to which is shown
    this.end = null;
    this.behind = new Float64Array(SEEN_S).fill(-Infinity); // samples, at most in each second: what a clock stays behind by
    this.second = null;
    this.joined_s = null;
    this.late = 0; // samples that the head was short of, in all
    this.then_s = 0;
  }

  /** The signal now reaches `end`; the newest block began at `start`. */
  arrived(start, end, now_s) {
    this.end = this.end === null ? end : Math.max(this.end, end);
    if (this.pace === Infinity) return;
    const behind = now_s * this.pace - start, second = Math.floor(now_s);
    this.joined_s ??= now_s;
    if (now_s - this.joined_s < JOINING_S) {
      this.behind.fill(-Infinity);
    } else {
      // seconds gone by forget what they saw
      for (let k = this.second + 1; k <= second && k <= this.second + SEEN_S; k++) this.behind[k % SEEN_S] = -Infinity;
    }
    this.second = second;
    const usual = this.farthest();
    if (usual > -Infinity && behind > usual + BREAK_S * this.pace) return; // a break; one that stays counts after SEEN_S
    this.behind[second % SEEN_S] = Math.max(this.behind[second % SEEN_S], behind);
  }

  /** Connected again: what was missed comes at once. */
  rejoin() {
    this.joined_s = null;
  }

  /** Up to which sample to show now. Null before anything came. */
  at(now_s) {
    if (this.end === null) return null;
    if (this.pace === Infinity) return (this.head = this.end);
    const target = now_s * this.pace - this.farthest() - MARGIN_S * this.pace;
    const step_s = now_s - this.then_s;
    this.then_s = now_s;
    if (this.head === null || step_s > MOST_STEP_S || Math.abs(target - this.head) > JUMP_S * this.pace) {
      this.head = this.jump(target);
      return this.head;
    }
    const off = (target - this.head) / (MAKE_GOOD_S * this.pace);
    const wanted = this.head + step_s * this.pace * (1 + Math.max(-HURRY, Math.min(HURRY, off)));
    if (wanted > this.end) this.late += wanted - this.end;
    this.head = Math.max(this.head, Math.min(wanted, this.end));
    return this.head;
  }

  /** Never back, but where a new stream begins further back than any haste could explain. */
  jump(target) {
    const there = Math.min(target, this.end);
    return this.head === null || this.head > this.end ? there : Math.max(this.head, there);
  }

  farthest() {
    let most = -Infinity;
    for (let k = 0; k < SEEN_S; k++) most = Math.max(most, this.behind[k]);
    return most;
  }
}
