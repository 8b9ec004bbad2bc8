import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Dialog from "@mui/material/Dialog";
import DialogActions from "@mui/material/DialogActions";
import DialogContent from "@mui/material/DialogContent";
import DialogTitle from "@mui/material/DialogTitle";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useState } from "react";
import Discovery from "./Discovery.jsx";
import { free } from "./proposal.js";
import { useWords } from "./texts.js";

// Adds an account: by its transport, or by what is found for an address.
export default function AddDialog({ forms, taken, onClose, onAdd, onProposal }) {
  const word = useWords();
  const [typed, setTyped] = useState(null);
  const [transport, setTransport] = useState("smtp");
  const chosen = forms.transports.some(({ name }) => name === transport) ? transport : (forms.transports[0]?.name ?? "");
  const id = typed ?? free(chosen, taken);
  const isTaken = taken.includes(id);
  const add = (event) => {
    event.preventDefault();
    if (!id || isTaken) return;
    onAdd(id, chosen);
  };
  return (
    <Dialog open onClose={onClose} fullWidth maxWidth="sm" aria-labelledby="add-title">
      <DialogTitle id="add-title">{word("account.add")}</DialogTitle>
      <DialogContent>
        <Discovery onProposal={onProposal} />
        <Stack component="form" id="add" onSubmit={add} sx={{ gap: 2, pt: 1 }}>
          <TextField select id="add-transport" label={word("account.transport")} value={chosen} onChange={({ target }) => setTransport(target.value)}>
            {forms.transports.map(({ name, form }) => <MenuItem key={name} value={name}>{form.schema.title}</MenuItem>)}
          </TextField>
          <TextField
            id="add-id"
            label={word("account.id")}
            helperText={word("account.id.help")}
            value={id}
            onChange={({ target }) => setTyped(target.value)}
            slotProps={{ htmlInput: { maxLength: 64 } }}
          />
          {isTaken && <Alert severity="error">{word("account.id.taken")}</Alert>}
        </Stack>
      </DialogContent>
      <DialogActions>
        <Button onClick={onClose}>{word("cancel")}</Button>
        <Button id="add-do" type="submit" form="add" variant="contained" disabled={!id || isTaken}>{word("account.add.do")}</Button>
      </DialogActions>
    </Dialog>
  );
}
