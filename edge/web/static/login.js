/** The token that another address asks for: typed in, or in the address's fragment, which no browser sends. */

/** `entered()` is called when the server has let this browser in. */
export class Login {
  constructor(form, entered) {
    this.form = form;
    this.entered = entered;
    this.says = form.querySelector("[role=alert]");
    this.tried = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.post(new FormData(form).get("token").trim());
    });
  }

  /** Asks for the token, or tries the one in the address, once. */
  ask(session) {
    const token = fromAddress();
    if (token && !this.tried) {
      this.tried = true;
      this.post(token);
      return;
    }
    const first = this.form.hidden;
    this.form.hidden = false;
    if (session?.wait_s) this.say(`Too many tries: wait ${Math.ceil(session.wait_s)} s.`);
    if (first) this.form.querySelector("input").focus();
  }

  async post(token) {
    this.say("");
    let answer;
    try {
      answer = await fetch("/api/session", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ token }),
      });
    } catch {
      this.ask();
      this.say("The server does not answer. Try again.");
      return;
    }
    if (answer.ok) {
      this.form.hidden = true;
      this.form.reset();
      this.entered();
      return;
    }
    this.ask();
    const wait = answer.headers.get("Retry-After");
    this.say(answer.status === 429 ? `Too many tries: wait ${wait ?? "a few"} s.` : "This is not the token that edge-run showed.");
  }

  say(text) {
    this.says.textContent = text;
  }
}

/** The token of `#token=…`, taken out of the address bar and the history. */
function fromAddress() {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found) return "";
  history.replaceState(null, "", location.pathname + location.search);
  return decodeURIComponent(found[1]);
}
