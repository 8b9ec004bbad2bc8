// Works the settings page and tells what it saw: `node drive.mjs WORK.json RESULT.json`.
//
// WORK is {"part": "edit" | "again" | "layers" | "stranger" | "consent" | "certificate" | "migrated", "browser", "profile", "url", "secrets", "typed", "file", "pictures"}, and
// what one part alone needs: "port", "mute", "control", "certificate".
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Page } from "./page.mjs";

const [work, result] = process.argv.slice(2);
const { part, port, mute, control, certificate, typed, file, pictures, ...given } = JSON.parse(await readFile(work, "utf8"));
const seen = {};
const page = await Page.open(given);

const picture = async (name, look) => {
  await page.look(look);
  seen.overflow = Math.max(seen.overflow ?? 0, await page.overflow());
  (seen.axe ??= []).push(...(await page.axe()).map((finding) => `${name}: ${finding}`));
  if (pictures) await page.picture(join(pictures, `form-${name}.png`));
};

const parts = {
  // In German: a wrong port, its repair, a test, a mail, and saving.
  async edit() {
    await page.settled();
    await page.choose("language", "Deutsch");
    seen.language = await page.evaluate(() => document.documentElement.lang);
    seen.label = await page.evaluate(() => document.querySelector('[for="field/server/port"]').innerText);
    await page.type("field/server/port", "99999");
    seen.outside = await page.problem("field/server/port");
    await page.type("field/server/port", "465");
    seen.unfit = await page.problem("field/server/port");
    await picture("problem", {});
    seen.repair = await page.repair("field/server/port");
    seen.repaired = { port: await page.value("field/server/port"), problems: await page.problems("field/server/port") };
    // A server that says nothing: what was done until then shows while the test runs.
    await page.type("field/server/port", String(mute));
    await page.press("test");
    seen.mute = await page.stepsUntil("connect");
    await page.pressNamed("Abbrechen");
    await page.type("field/server/port", String(port));
    await page.watchSteps();
    seen.tabs = await page.pressByKeyboard("test");
    seen.test = await page.steps();
    await picture("light", {});
    await picture("dark", { scheme: "dark" });
    await picture("narrow", { width: 400, height: 860 });
    await page.look({});
    await page.press("tab-send");
    await page.press("send");
    seen.receipt = await page.text("#receipt");
    seen.password = await page.value("field/auth/password");
    await page.press("save");
    await page.settled();
    seen.save = await page.text("#save");
  },
  // What was saved is there, and the mail is in the mailbox.
  async again() {
    await page.settled();
    seen.port = await page.value("field/server/port");
    seen.password = await page.value("field/auth/password");
    await page.pressNamed("box IMAP-Konto", "nav");
    await page.press("tab-fetch");
    await page.press("fetch");
    seen.messages = await page.text("#messages");
    await picture("fetch", {});
    // The folders of the server are offered.
    await page.pressNamed("Postausgang: Wählen");
    seen.folders = await page.pick("Entwürfe");
    await page.settled();
    seen.outbox = await page.value("field/imap/outbox");
    await page.pressNamed("Allgemein Absender, Versand, Empfang", "nav");
    await picture("general", {});
    await page.press("add-account");
    await picture("add", {});
    // A provider of the table: nothing is asked of the network.
    await page.type("discover", "anna@gmx.at");
    await page.press("discover-do");
    await picture("proposals", {});
    await page.press("proposal-0");
    await page.settled();
    seen.found = [await page.value("field/server/host"), await page.value("field/auth/password")];
  },
  // Each value tells its layer, and goes to the one that its field belongs to; what others have written is not replaced unasked.
  async layers() {
    await page.settled();
    seen.origins = await page.origins();
    await page.type("field/server/host", "mail2.example.com");
    await page.type("field/server/port", "2525");
    await page.press("add-account");
    await page.type("add-id", "second");
    await page.press("add-do");
    await page.settled();
    seen.missing = await page.problem("field/server/host");
    await page.type("field/server/host", "mail3.example.com");
    await page.type("field/auth/user", "bert");
    await page.type("field/auth/password", typed);
    await picture("layers", {});
    const others = JSON.parse(await readFile(file, "utf8"));
    await writeFile(file, JSON.stringify({ ...others, company: { ...others.company, enabled: true } }));
    await page.press("save");
    seen.conflict = await page.text("#conflict");
    await page.press("conflict-overwrite");
    await page.settled();
    seen.save = await page.text("#save");
  },
  // A person is asked for consent, and gives it somewhere else.
  async consent() {
    await page.settled();
    await page.press("tab-consent");
    await page.press("consent-ask");
    seen.asked = await page.text("#consent");
    seen.link = await page.evaluate(() => document.querySelector("#consent a").href);
    await picture("consent", {});
    const [, code] = /enter the code (\S+)/.exec(seen.asked);
    await fetch(`${control}/tokens/device`, { method: "POST", body: JSON.stringify({ user_code: code, state: "approved", user: "anna@example.com" }) });
    seen.done = await page.text("#consent-done");
  },
  // In German: the certificate that a person chooses shows whose it is, its dates and its fingerprint; a list of groups grows and shrinks.
  async certificate() {
    const [sign, key] = ["field/sender/smime/sign", "field/receive/smime/keys/0"];
    await page.settled();
    await page.choose("language", "Deutsch");
    await page.pressNamed("Allgemein Absender, Versand, Empfang", "nav");
    await page.type("field/sender/address", "anna@example.com");
    await page.type(`${sign}/certificate`, certificate);
    seen.closed = await page.problem(`${sign}/password`);
    await page.type(`${sign}/password`, "falsch");
    seen.wrong = await page.problem(`${sign}/password`);
    await page.type(`${sign}/password`, typed);
    seen.shown = await page.text(`[id="${sign}/certificate__certificate"]`);
    seen.problems = await page.problems(`${sign}/password`);
    await page.press("field/receive/smime/keys__add");
    await page.press("field/receive/smime/keys__add");
    await page.settled();
    await page.press("field/receive/smime/keys/1__remove");
    await page.settled();
    await page.type(`${key}/certificate`, certificate);
    await page.type(`${key}/password`, typed);
    seen.key = await page.text(`[id="${key}/certificate__certificate"]`);
    await picture("certificate", {});
    await page.press("save");
    await page.settled();
    seen.save = await page.text("#save");
    seen.kept = await page.text(`[id="${sign}/certificate__certificate"]`);
  },
  // The page says what a migration moved, and saves today's version.
  async migrated() {
    await page.settled();
    seen.told = await page.text("#migrated");
    await picture("migrated", {});
    await page.press("save");
    await page.settled();
    seen.save = await page.text("#save");
    seen.isTold = await page.evaluate(() => document.getElementById("migrated") !== null);
  },
  // The form of a plugin that others wrote: its path is the folder of the settings.
  async stranger() {
    await page.settled();
    seen.label = await page.evaluate(() => document.querySelector('[for="field/folder/path"]').innerText);
    seen.missing = await page.problem("field/folder/path");
    await page.type("field/folder/path", dirname(file));
    await picture("stranger", {});
    await page.press("test");
    seen.test = await page.steps();
    await page.press("save");
    await page.settled();
    seen.save = await page.text("#save");
  },
};

try {
  await parts[part]();
} catch (error) {
  seen.failure = error.stack;
  await page.picture(`${result}.png`).catch(() => {});
} finally {
  await page.close();
}
await writeFile(result, JSON.stringify({ ...seen, complaints: page.complaints, leaks: page.leaks }));
