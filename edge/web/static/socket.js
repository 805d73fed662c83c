/** The connection to the server: opened, watched, and opened again for as long as the page is there. */

const FIRST_S = 0.5; // before another try; doubles
const MOST_S = 10;
const JITTER = 0.3; // of it: many pages of one restarted server do not come at once
const SILENT_S = 5; // WIRE.md: so long without a message, and the server is gone
const WATCH_MS = 1000;
const TOO_MANY = 1013;

export class Socket {
  /**
   * `query()`: what to ask for, such as "run=ab&after=500". `take(message)`: an ArrayBuffer. `told({up, text, login})`: what
   * became of the connection; `login`: a token is needed first, and `go` again then.
   */
  constructor(query, take, told) {
    this.query = query;
    this.take = take;
    this.told = told;
    this.socket = null;
    this.tries = 0;
    this.timer = 0;
    this.heard_ms = 0;
    setInterval(() => this.watch(), WATCH_MS);
    const wake = () => this.wake();
    for (const kind of ["online", "pageshow", "focus"]) addEventListener(kind, wake);
    document.addEventListener("visibilitychange", () => document.hidden || wake());
  }

  async go() {
    clearTimeout(this.timer);
    this.timer = 0;
    const session = await this.session();
    if (session?.needed && !session.open) {
      this.told({ up: false, login: session, text: "not logged in" });
      return;
    }
    if (session === null) this.again("no answer from the server");
    else this.open();
  }

  /** Who is let in; null where nobody answers. */
  async session() {
    try {
      const answer = await fetch("/api/session", { cache: "no-store" });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  open() {
    if (this.socket) return;
    const address = new URL(`ws?${this.query()}`, location.href); // of a gateway, that of this patch: /p/NAME/ws
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.heard_ms = performance.now();
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket || !(data instanceof ArrayBuffer)) return;
      this.heard_ms = performance.now();
      if (this.tries || !this.up) this.told({ up: true, text: "connected" });
      this.up = true;
      this.tries = 0;
      this.take(data);
    };
    socket.onclose = ({ code }) => {
      if (this.socket === socket) this.lost(code === TOO_MANY ? "too many pages look at this run" : "the server is away");
    };
  }

  lost(text) {
    const { socket } = this;
    this.socket = null;
    this.up = false;
    if (socket) {
      socket.onmessage = socket.onclose = null;
      socket.close();
    }
    this.again(text);
  }

  again(text) {
    const wait_s = Math.min(MOST_S, FIRST_S * 2 ** this.tries) * (1 + JITTER * (Math.random() - 0.5));
    this.tries += 1;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.go(), 1000 * wait_s);
    this.told({ up: false, text, again_s: wait_s });
  }

  /** The page is looked at again, or the network is back: no more waiting. */
  wake() {
    if (this.timer) {
      this.tries = 0;
      this.go();
    } else this.watch();
  }

  watch() {
    if (this.socket && performance.now() - this.heard_ms > 1000 * SILENT_S) this.lost("nothing comes from the server");
  }
}
