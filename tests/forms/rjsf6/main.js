// Draws a form with react-jsonschema-form as it comes: no option beside what host_schema returns.
import Form from "@rjsf/core";
import validator from "@rjsf/validator-ajv8";
import { createElement } from "react";
import { createRoot } from "react-dom/client";

let root, saved;

window.draw = ({ schema, rjsf }, data) => {
  saved = { data: null, errors: ["nothing was saved"] };
  root?.unmount();
  root = createRoot(document.getElementById("form"));
  root.render(createElement(Form, {
    schema,
    uiSchema: rjsf,
    validator,
    formData: data ?? undefined,
    onSubmit: ({ formData }) => (saved = { data: formData, errors: [] }),
    onError: (errors) => (saved = { data: null, errors: errors.map((error) => error.stack) }),
  }));
};

window.find = (pointer) => document.getElementById("root" + pointer.replaceAll("/", "_"));

window.help = (pointer) => document.getElementById(`root${pointer.replaceAll("/", "_")}__description`)?.textContent ?? "";

window.save = async () => {
  document.querySelector("button[type=submit]").click();
  await window.settled();
  return saved;
};
