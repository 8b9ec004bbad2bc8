// A headless Chromium over its debugging pipe: messages end with a zero byte, no port is opened.
import { spawn } from "node:child_process";

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=900,1400",
  "--remote-debugging-pipe"];

export class Browser {
  #process;
  #pending = new Map();
  #next = 1;
  #session;
  // What the pages have complained about in the console.
  complaints = [];

  constructor(program, profile) {
    this.#process = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let rest = "";
    this.#process.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0");
      rest = messages.pop();
      messages.map((message) => JSON.parse(message)).forEach((message) => this.#hear(message));
    });
    this.#process.on("exit", () => this.#pending.forEach(({ failed }) => failed(new Error("the browser ended"))));
    this.#process.on("error", (error) => this.#pending.forEach(({ failed }) => failed(error)));
  }

  #hear({ id, error, result, method, params }) {
    if (method === "Runtime.consoleAPICalled" && ["error", "warning", "assert"].includes(params.type)) {
      this.complaints.push(params.args.map(({ value, description }) => value ?? description).join(" "));
    } else if (method === "Runtime.exceptionThrown") {
      this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    } else if (method === "Log.entryAdded" && params.entry.level === "error") {
      this.complaints.push(params.entry.text);
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    error ? pending?.failed(new Error(error.message)) : pending?.done(result);
  }

  #call(method, params = {}, sessionId = this.#session) {
    const id = this.#next++;
    this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((done, failed) => this.#pending.set(id, { done, failed }));
  }

  // Opens a page and waits until its script has run.
  async open(url) {
    if (!this.#session) {
      const { targetId } = await this.#call("Target.createTarget", { url: "about:blank" });
      this.#session = (await this.#call("Target.attachToTarget", { targetId, flatten: true })).sessionId;
      await this.#call("Runtime.enable");
      await this.#call("Log.enable");
    }
    await this.#call("Page.navigate", { url });
    for (let tries = 0; !(await this.evaluate("typeof window.draw === 'function' && !!document.getElementById('form')")); tries += 1) {
      if (tries > 600) throw new Error(`${url} does not load`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  // The value of an expression in the page; a promise is awaited.
  async evaluate(expression) {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  // The whole page as PNG, in base64.
  async picture() {
    return (await this.#call("Page.captureScreenshot", { captureBeyondViewport: true })).data;
  }

  close() {
    this.#process.kill();
  }
}
