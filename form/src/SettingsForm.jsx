import { withTheme } from "@rjsf/core";
import { Theme } from "@rjsf/mui";
import { useMemo } from "react";
import { at, inMerged, isLayered, tidy } from "./document.js";
import { Facts } from "./facts.js";
import Account from "./fields/Account.jsx";
import Check from "./fields/Check.jsx";
import Choice from "./fields/Choice.jsx";
import FieldTemplate from "./fields/FieldTemplate.jsx";
import Folder from "./fields/Folder.jsx";
import GroupTemplate from "./fields/GroupTemplate.jsx";
import { GroupItem, Groups } from "./fields/Groups.jsx";
import List from "./fields/List.jsx";
import Secret from "./fields/Secret.jsx";
import { uiSchema } from "./fields/schema.js";
import validator from "./validator.js";

const Form = withTheme(Theme);

// The data stay as they are: what applies where a field is empty is said beside it.
const NO_DEFAULTS = { emptyObjectFields: "skipDefaults", allOf: "skipDefaults", constAsDefaults: "never", arrayMinItems: { populate: "never" } };

const parts = {
  fields: { secret: Secret, account: Account, folder: Folder, list: List },
  widgets: { SelectWidget: Choice, CheckboxWidget: Check },
  templates: { FieldTemplate, ObjectFieldTemplate: GroupTemplate, ArrayFieldTemplate: Groups, ArrayFieldItemTemplate: GroupItem },
};

// The errors as the generator takes them, so that it marks the fields.
function marked(problems, base) {
  const root = {};
  for (const { pointer, message, severity } of problems) {
    if (severity === "warning") continue;
    const place = pointer.slice(base.length).split("/").slice(1).reduce((group, name) => (group[name] ??= {}), root);
    (place.__errors ??= []).push(message);
  }
  return root;
}

// The form of what stands at `base` in the document: an account, or the document's own groups.
export default function SettingsForm({ form, base, document, data, checked, account, accounts, focused, onChange }) {
  const ui = useMemo(() => uiSchema(form.schema, form.rjsf), [form]);
  const problems = (checked?.problems ?? [])
    .map((problem) => ({ ...problem, pointer: inMerged(document, problem.pointer) }))
    .filter(({ pointer }) => pointer.startsWith(base));
  const facts = {
    document,
    account,
    accounts,
    problemsAt: (pointer) => problems.filter((problem) => problem.pointer === base + pointer),
    hasProblems: (pointer) => problems.some((problem) => `${problem.pointer}/`.startsWith(`${base}${pointer}/`)),
    certificateAt: (pointer) => checked?.certificates?.[base + pointer],
    opened: (pointer) => focused?.startsWith(`${base}${pointer}/`) ?? false,
    originOf: (pointer) => {
      const origin = isLayered(document) && at(data, pointer) !== undefined && checked?.origin?.[base + pointer];
      return origin && origin !== "default" ? origin : undefined;
    },
  };
  const shown = problems.filter(({ pointer }) => pointer !== base || base);
  return (
    <Facts value={facts}>
      <Form
        {...parts}
        schema={form.schema}
        uiSchema={ui}
        formData={data}
        validator={validator}
        idPrefix="field"
        idSeparator="/"
        noHtml5Validate
        showErrorList={false}
        extraErrors={marked(shown, base)}
        experimental_defaultFormStateBehavior={NO_DEFAULTS}
        onChange={({ formData }) => onChange(tidy(formData) ?? {})}
      />
    </Facts>
  );
}
