import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useState } from "react";
import { isObject } from "../document.js";
import { useWords } from "../texts.js";

const KEPT = "postkontor:kept:";

// A secret: typed here, kept where the page does not see it, or named by a reference.
export default function Secret({ formData, onChange, fieldPathId, schema, uiSchema, required, errorSchema }) {
  const word = useWords();
  const [isSeen, setSeen] = useState(false);
  const id = fieldPathId.$id;
  const set = (value) => onChange(value, fieldPathId.path);
  const title = uiSchema?.["ui:title"] ?? schema.title;
  const hasError = (errorSchema?.__errors ?? []).length > 0;
  const htmlInput = { "aria-describedby": `${id}__description ${id}__problems`, autoComplete: "new-password", spellCheck: false };
  const isReference = isObject(formData);
  const isKept = isReference && String(formData.secret ?? "").startsWith(KEPT);
  const buttons = isKept
    ? [["secret.change", () => set(undefined)]]
    : isReference
      ? [["secret.type", () => set(undefined)]]
      : [...(formData ? [[isSeen ? "secret.hide" : "secret.show", () => setSeen(!isSeen)]] : []), ["secret.refer", () => set({ secret: "" })]];
  return (
    <Stack direction="row" sx={{ gap: 1, alignItems: "center", flexWrap: { xs: "wrap", sm: "nowrap" } }}>
      {isKept ? (
        <TextField id={id} label={title} value={word("secret.kept")} slotProps={{ htmlInput: { ...htmlInput, readOnly: true, "data-kept": "" } }} />
      ) : isReference ? (
        <TextField
          id={id}
          label={`${title}: ${word("secret.name")}`}
          required
          error={hasError}
          value={formData.secret ?? ""}
          onChange={({ target }) => set({ secret: target.value })}
          slotProps={{ htmlInput: { ...htmlInput, autoComplete: "off" } }}
        />
      ) : (
        <TextField
          id={id}
          label={title}
          type={isSeen ? "text" : "password"}
          required={required}
          error={hasError}
          value={formData ?? ""}
          onChange={({ target }) => set(target.value === "" ? undefined : target.value)}
          slotProps={{ htmlInput }}
        />
      )}
      {buttons.map(([name, press]) => (
        <Button key={name} size="small" onClick={press} aria-label={`${title}: ${word(name)}`} sx={{ flexShrink: 0 }}>{word(name)}</Button>
      ))}
    </Stack>
  );
}
