// Draws a form with JSON Forms as it comes: no option beside what host_schema returns. The renderers are chosen by the bundler.
import { JsonForms } from "@jsonforms/react";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { cells, renderers } from "renderers";

let root, saved;

window.draw = ({ schema, uischema }, data) => {
  saved = { data: null, errors: ["nothing was saved"] };
  root?.unmount();
  root = createRoot(document.getElementById("form"));
  const onChange = ({ data, errors }) => (saved = { data, errors: errors.map((error) => `${error.instancePath} ${error.message}`) });
  root.render(createElement(JsonForms, { schema, uischema, data: data ?? {}, renderers, cells, onChange }));
};

const scope = (pointer) => "#" + pointer.split("/").slice(1).map((name) => `/properties/${name}`).join("");

// Identifiers are the scopes, with a number behind them where one was there before.
const ids = (pointer) => [...document.querySelectorAll("[id]")].filter(({ id }) => id.replace(/\d*(-input)?$/, "") === scope(pointer));

const fields = "input, select, textarea";

window.find = (pointer) => {
  const found = ids(pointer);
  const field = found.find((element) => element.matches(fields)) ?? found.map((element) => element.querySelector(fields)).find(Boolean);
  if (field) return field;
  const radio = [...document.querySelectorAll("input[type=radio]")].find(({ name }) => name.replace(/\d+$/, "") === scope(pointer));
  return radio ?? radios(pointer);
};

// Material's groups of radio buttons have no identifier; their legend is the title.
const radios = (pointer) => {
  const legend = [...document.querySelectorAll("fieldset legend")].find(({ textContent }) => textContent === window.titles?.[pointer]);
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
