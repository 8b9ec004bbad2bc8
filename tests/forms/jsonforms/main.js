// Draws a form with JSON Forms as it comes: no option beside what host_schema returns. The renderers are chosen by the bundler.
import { JsonForms } from "@jsonforms/react";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { cells, renderers } from "renderers";

let root, saved;

// A form of the whole document comes with that of an account, `account`: JSON Forms draws no members of any name.
window.draw = ({ schema, uischema, account }, data) => {
  saved = { data: null, errors: ["nothing was saved"] };
  root?.unmount();
  root = createRoot(document.getElementById("form"));
  const onChange = ({ data, errors }) => (saved = { data, errors: errors.map((error) => `${error.instancePath} ${error.message}`) });
  const form = (schema, uischema, data, onChange) => createElement(JsonForms, { schema, uischema, data: data ?? {}, renderers, cells, onChange });
  const accounts = account && data?.enabled !== false ? Object.entries(data?.accounts ?? {}) : [];
  const drawn = accounts.map(([id, settings]) =>
    createElement("div", { key: id, "data-account": id }, form(account.schema, account.uischema, settings, () => {})));
  root.render(createElement("div", null, createElement("div", { "data-account": "" }, form(schema, uischema, data, onChange)), ...drawn));
};

// The part of the page that a pointer leads into, and the rest of the pointer.
const part = (pointer) => {
  const [, id, rest] = pointer.match(/^\/accounts\/([^/]+)(\/.*)$/) ?? [null, "", pointer];
  return [document.querySelector(`[data-account="${id}"]`), rest];
};

const scope = (pointer) => "#" + pointer.split("/").slice(1).map((name) => `/properties/${name}`).join("");

// Identifiers are the scopes, without the branch that they lead into, and with a number behind them where one was there before.
const plain = (id) => id.replace(/allOf\/\d+\/then\//g, "").replace(/\d*(-input)?$/, "");

const fields = "input, select, textarea";

const seenFirst = (elements) => elements.find(window.isSeen) ?? elements[0];

window.find = (pointer) => {
  const [page, rest] = part(pointer);
  if (!page) return undefined;
  const found = [...page.querySelectorAll("[id]")].filter(({ id }) => plain(id) === scope(rest));
  const field = seenFirst(found.map((element) => (element.matches(fields) ? element : element.querySelector(fields))).filter(Boolean));
  if (field) return field;
  const radio = seenFirst([...page.querySelectorAll("input[type=radio]")].filter(({ name }) => plain(name) === scope(rest)));
  return radio ?? radios(page, pointer);
};

// Material's groups of radio buttons have no identifier; their legend is the title.
const radios = (page, pointer) => {
  const legend = [...page.querySelectorAll("fieldset legend")].find(({ textContent }) => textContent === window.titles?.[pointer]);
  return legend?.closest("fieldset").querySelector("input[type=radio]");
};

window.help = (pointer) => {
  const field = window.find(pointer);
  let around = field;
  for (let up = 0; up < 8 && around; up += 1, around = around.parentElement) {
    const helper = around.parentElement?.querySelector(":scope > .MuiFormHelperText-root, :scope > .input-description, :scope > .validation");
    if (helper?.textContent) return helper.textContent;
  }
  return "";
};

window.save = async () => {
  await window.settled();
  return saved;
};
