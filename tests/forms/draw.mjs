// Draws forms and tells what they show and what they save: `node draw.mjs PAGES WORK.json RESULT.json [PICTURES]`.
//
// WORK is {"browser", "profile", "forms": [{"name", "language", "form", "data", "type": {pointer: text}, "titles": {pointer: title}, "valid",
// "invalid"}]},
// RESULT {"complaints", "drawn": [{"generator", "name", "language", "data", "text", "shown", "saved"}], "console"}: the complaints are those of
// strict validators about the schemas, about what should be valid, and about what should not and is; `console` is what stood there.
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Browser } from "./browser.mjs";

const [pages, work, result, pictures] = process.argv.slice(2);
const { browser: program, profile, forms } = JSON.parse(await readFile(work, "utf8"));

const complaints = [];
for (const { name, language, form, valid, invalid } of forms) {
  for (const [draft, Kind] of [["draft-07", Ajv], ["2020-12", Ajv2020]]) {
    const ajv = formats(new Kind({ strict: true, keywords: ["x-postkontor"], logger: { log() {}, warn: (text) => complaints.push(`${name} ${language} ${draft}: ${text}`), error() {} } }));
    try {
      const validate = ajv.compile(form.schema);
      for (const data of valid ?? []) {
        if (!validate(data)) complaints.push(`${name} ${language} ${draft}: ${JSON.stringify(data)}: ${ajv.errorsText(validate.errors)}`);
      }
      for (const data of invalid ?? []) {
        if (validate(data)) complaints.push(`${name} ${language} ${draft}: ${JSON.stringify(data)} is valid`);
      }
    } catch (error) {
      complaints.push(`${name} ${language} ${draft}: ${error.message}`);
    }
  }
}

const browser = new Browser(program, profile);
const drawn = [];
try {
  for (const generator of ["rjsf5", "rjsf6", "material", "vanilla"]) {
    await browser.open(pathToFileURL(resolve(pages, `${generator}.html`)).href);
    for (const { name, language, form, data, type, titles } of forms) {
      const call = (text) => browser.evaluate(text);
      await call(`window.titles = ${JSON.stringify(titles)}; window.draw(${JSON.stringify(form)}, ${JSON.stringify(data ?? null)}); window.settled()`);
      const shown = await call(`window.shown(${JSON.stringify(Object.keys(titles))})`);
      if (pictures) await writeFile(join(pictures, `${generator}-${name || "document"}-${language}${data ? "-given" : ""}.png`), await browser.picture(), "base64");
      for (const [pointer, text] of Object.entries(type)) await call(`window.type(${JSON.stringify(pointer)}, ${JSON.stringify(text)})`);
      const saved = await call("window.save()");
      const text = await call("document.getElementById('form').innerText");
      drawn.push({ generator, name, language, data: data ?? null, text, shown, saved });
    }
  }
} finally {
  browser.close();
}
await writeFile(result, JSON.stringify({ complaints, drawn, console: browser.complaints }));
