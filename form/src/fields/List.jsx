import TextField from "@mui/material/TextField";
import { useState } from "react";

const items = (text) => text.split(";").map((item) => item.trim()).filter(Boolean);

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

// Several values in a line, with semicolons between.
export default function List({ formData, onChange, fieldPathId, schema, errorSchema }) {
  const id = fieldPathId.$id;
  const given = typeof formData === "string" ? items(formData) : (formData ?? []);
  const [typed, setTyped] = useState(given.join("; "));
  const text = same(items(typed), given) ? typed : given.join("; ");
  const change = (value) => {
    setTyped(value);
    onChange(items(value).length ? items(value) : undefined, fieldPathId.path);
  };
  return (
    <TextField
      id={id}
      label={schema.title}
      error={(errorSchema?.__errors ?? []).length > 0}
      value={text}
      placeholder="a; b"
      onChange={({ target }) => change(target.value)}
      slotProps={{ htmlInput: { "aria-describedby": `${id}__description ${id}__problems` } }}
    />
  );
}
