import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import { useFacts } from "../facts.js";
import { useWords } from "../texts.js";

// The name of one of the document's accounts.
export default function Account({ formData, onChange, fieldPathId, schema, required, errorSchema }) {
  const word = useWords();
  const id = fieldPathId.$id;
  const { accounts } = useFacts();
  const names = formData && !accounts.includes(formData) ? [...accounts, formData] : accounts;
  return (
    <TextField
      id={id}
      select
      label={schema.title}
      required={required}
      error={(errorSchema?.__errors ?? []).length > 0}
      value={formData ?? ""}
      onChange={({ target }) => onChange(target.value || undefined, fieldPathId.path)}
      slotProps={{ select: { SelectDisplayProps: { "aria-describedby": `${id}__description ${id}__problems` } }, inputLabel: { shrink: true } }}
    >
      <MenuItem value="">{word("choice.none")}</MenuItem>
      {names.map((name) => <MenuItem key={name} value={name}>{name}</MenuItem>)}
    </TextField>
  );
}
