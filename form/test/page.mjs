// The settings page in a headless Chromium, worked as a person does.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"];

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Page {
  complaints = [];
  leaks = [];
  #browser;
  #page;

  // Opens the page; `secrets` are texts that no answer may hold.
  static async open({ browser, profile, url, secrets }) {
    const self = new Page();
    self.#browser = await puppeteer.launch({ executablePath: browser, userDataDir: profile, args: FLAGS, defaultViewport: { width: 1280, height: 900 } });
    [self.#page] = await self.#browser.pages();
    self.#page.setDefaultTimeout(30000);
    // Hints of the browser's that only its developer view shows are no complaints.
    self.#page.on("console", (message) => message.type() === "verbose" || self.complaints.push(`${message.type()}: ${message.text()}`));
    self.#page.on("pageerror", (error) => self.complaints.push(`error: ${error.message}`));
    self.#page.on("request", (request) => {
      if (!request.url().startsWith(new URL(url).origin)) self.complaints.push(`asked for ${request.url()}`);
    });
    self.#page.on("response", async (response) => {
      const text = await response.text().catch(() => "");
      if (secrets.some((secret) => text.includes(secret))) self.leaks.push(response.url());
    });
    await self.#page.goto(url);
    await self.#page.waitForSelector("#save");
    return self;
  }

  // Lets the last change be checked and drawn.
  settled = () => this.#page.waitForNetworkIdle({ idleTime: 400, concurrency: 1 });

  find = (id) => this.#page.waitForSelector(`[id="${id}"]`, { visible: true });

  async press(id) {
    await (await this.find(id)).click();
  }

  async pressNamed(name, within = "body") {
    const button = await this.#page.waitForSelector(`${within} ::-p-aria([name="${name}"][role="button"])`, { visible: true });
    await button.click();
  }

  // Types over what stands in a field.
  async type(id, text) {
    const field = await this.find(id);
    await field.click({ count: 3 });
    await this.#page.keyboard.press("Backspace");
    if (text) await field.type(text);
    await this.settled();
  }

  async choose(id, text) {
    await this.press(id);
    const option = await this.#page.waitForSelector(`::-p-aria([name="${text}"][role="option"])`, { visible: true });
    await option.click();
    await this.#page.waitForSelector('[role="listbox"]', { hidden: true });
    await this.settled();
  }

  // Chooses from the menu that is open; all that it offers.
  async pick(name) {
    await this.#page.waitForSelector('[role="menuitem"]', { visible: true });
    const all = await this.#page.$$eval('[role="menuitem"]', (items) => items.map((item) => item.innerText));
    await (await this.#page.waitForSelector(`::-p-aria([name="${name}"][role="menuitem"])`)).click();
    await this.#page.waitForSelector('[role="menu"]', { hidden: true });
    return all;
  }

  // The problems that show at a field.
  problems = (id) =>
    this.#page.$$eval(`[id="${id}__problems"] [data-code]`, (all) => all.map((one) => ({ code: one.dataset.code, text: one.innerText })));

  // The layers that are named at the fields, by field.
  origins = () =>
    this.#page.$$eval("[data-origin]", (all) => Object.fromEntries(all.map((one) => [one.parentElement.id.replace("__description", ""), one.dataset.origin])));

  // Waits for a problem at a field.
  async problem(id) {
    await this.#page.waitForSelector(`[id="${id}__problems"] [data-code]`);
    return this.problems(id);
  }

  async repair(id) {
    const button = await this.#page.waitForSelector(`[id="${id}__problems"] button`, { visible: true });
    const text = await button.evaluate((element) => element.innerText);
    await button.click();
    await this.settled();
    return text;
  }

  // Goes to an element with the Tab key alone, and presses Enter there.
  async pressByKeyboard(id) {
    await this.#page.evaluate(() => document.activeElement?.blur());
    for (let tabs = 1; tabs < 150; tabs += 1) {
      await this.#page.keyboard.press("Tab");
      if (await this.#page.evaluate((id) => document.activeElement?.id === id, id)) {
        await this.#page.keyboard.press("Enter");
        return tabs;
      }
    }
    throw new Error(`${id} is not reached by the keyboard`);
  }

  // Notes each step that is added, and how many show then.
  watchSteps = () =>
    this.#page.evaluate(() => {
      window.counts = [];
      new MutationObserver((changes) => {
        const added = changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.("li[data-step]"));
        added.forEach((step) => window.counts.push([...step.parentElement.children].indexOf(step) + 1));
      }).observe(document.body, { childList: true, subtree: true });
    });

  // The steps that show while a test still runs: all up to this one.
  async stepsUntil(step) {
    await this.#page.waitForSelector(`li[data-step="${step}"]`);
    return this.#page.evaluate(() => ({
      steps: [...document.querySelectorAll("li[data-step]")].map((step) => step.dataset.step),
      isOver: document.getElementById("verdict") !== null,
    }));
  }

  async steps() {
    await this.find("verdict");
    return this.#page.evaluate(() => ({
      counts: window.counts,
      steps: [...document.querySelectorAll("li[data-step]")].map((step) => [step.dataset.step, step.dataset.status]),
      verdict: document.getElementById("verdict").innerText,
    }));
  }

  text = async (selector) => (await this.#page.waitForSelector(selector, { visible: true })).evaluate((element) => element.innerText);

  value = async (id) => (await this.find(id)).evaluate((element) => element.value ?? element.innerText);

  evaluate = (what, ...rest) => this.#page.evaluate(what, ...rest);

  // What axe finds that is serious or critical.
  async axe() {
    await this.#page.evaluate(axe);
    const { violations } = await this.#page.evaluate(() => window.axe.run());
    const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    return grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`);
  }

  async look({ width = 1280, height = 900, scheme = "light" }) {
    await this.#page.setViewport({ width, height });
    await this.#page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await this.settled();
    await this.#page.evaluate(() => window.scrollTo(0, 0));
  }

  // How far the page is wider than the window.
  overflow = () => this.#page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  picture = (path) => this.#page.screenshot({ path });

  close = () => this.#browser.close();
}
