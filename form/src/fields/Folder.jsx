import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Menu from "@mui/material/Menu";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useContext, useRef, useState } from "react";
import { useFacts } from "../facts.js";
import { Language, useWords } from "../texts.js";
import { useCall } from "../useCall.js";

// The name of a folder: typed, or chosen from those of the server.
export default function Folder({ formData, onChange, fieldPathId, schema, required, errorSchema }) {
  const word = useWords();
  const lang = useContext(Language);
  const { document, account } = useFacts();
  const { run, cancel, isRunning, result, error } = useCall();
  const [isOpen, setOpen] = useState(false);
  const button = useRef(null);
  const id = fieldPathId.$id;
  const set = (value) => onChange(value || undefined, fieldPathId.path);
  const ask = () => {
    setOpen(true);
    run({ lang, document, account, call: "folders" });
  };
  return (
    <Stack sx={{ gap: 1 }}>
      <Stack direction="row" sx={{ gap: 1, alignItems: "center" }}>
        <TextField
          id={id}
          label={schema.title}
          required={required}
          error={(errorSchema?.__errors ?? []).length > 0}
          value={formData ?? ""}
          onChange={({ target }) => set(target.value)}
          slotProps={{ htmlInput: { "aria-describedby": `${id}__description ${id}__problems` } }}
        />
        <Button ref={button} size="small" aria-label={`${schema.title}: ${word(isRunning ? "cancel" : "choose")}`} onClick={isRunning ? cancel : ask} sx={{ flexShrink: 0 }}>
          {word(isRunning ? "cancel" : "choose")}
        </Button>
      </Stack>
      {error && isOpen && <Alert severity="error" onClose={() => setOpen(false)}>{error.message}</Alert>}
      <Menu anchorEl={button.current} open={isOpen && (result?.folders ?? []).length > 0} onClose={() => setOpen(false)}>
        {(result?.folders ?? []).filter(({ selectable }) => selectable !== false).map(({ name }) => (
          <MenuItem key={name} selected={name === formData} onClick={() => { set(name); setOpen(false); }}>{name}</MenuItem>
        ))}
      </Menu>
    </Stack>
  );
}
