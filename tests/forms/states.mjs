// Draws forms in many states and tells which fields are seen: `node states.mjs PAGES WORK.json RESULT.json`.
//
// WORK is {"browser", "profile", "forms": [form], "states": [{"form": number, "data", "titles": {pointer: title}}]}, RESULT {generator:
// {"seen": [[pointer]], "complaints"}}: the fields that are seen in each state, and what stood in the console.
import { readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Browser } from "./browser.mjs";

const [pages, work, result] = process.argv.slice(2);
const { browser: program, profile, forms, states } = JSON.parse(await readFile(work, "utf8"));
const answers = {};
for (const generator of ["rjsf5", "rjsf6", "material", "vanilla"]) {
  const browser = new Browser(program, `${profile}-${generator}`);
  try {
    await browser.open(pathToFileURL(resolve(pages, `${generator}.html`)).href);
    await browser.evaluate(`window.forms = ${JSON.stringify(forms)}; 0`);
    const seen = [];
    for (const state of states) {
      seen.push(await browser.evaluate(`(async (state) => {
        window.titles = state.titles;
        window.draw(window.forms[state.form], state.data);
        await window.settled();
        return window.seen(Object.keys(state.titles));
      })(${JSON.stringify(state)})`));
    }
    answers[generator] = { seen, complaints: browser.complaints };
  } finally {
    browser.close();
  }
}
await writeFile(result, JSON.stringify(answers));
