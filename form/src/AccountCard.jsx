import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import SettingsForm from "./SettingsForm.jsx";
import { escaped } from "./document.js";
import { useWords } from "./texts.js";

// The settings of an account, with its transport as the first choice.
export default function AccountCard({ id, forms, account, onTransport, onRemove, ...rest }) {
  const word = useWords();
  const chosen = forms.transports.find(({ name }) => name === account.transport);
  return (
    <Paper component="section" aria-labelledby="account-title" sx={{ p: { xs: 2, sm: 3 } }}>
      <Stack direction="row" sx={{ alignItems: "center", justifyContent: "space-between", mb: 2 }}>
        <Typography id="account-title" variant="h2" sx={{ overflowWrap: "anywhere" }}>{id}</Typography>
        <Button color="error" size="small" onClick={onRemove}>{word("account.remove")}</Button>
      </Stack>
      <TextField
        select
        id={`field/transport`}
        label={word("account.transport")}
        value={chosen ? account.transport : ""}
        onChange={({ target }) => onTransport(target.value)}
        helperText={chosen?.form.schema.description}
      >
        {forms.transports.map(({ name, form }) => <MenuItem key={name} value={name}>{form.schema.title}</MenuItem>)}
      </TextField>
      <Stack sx={{ mt: 3 }}>
        {chosen && <SettingsForm key={chosen.name} form={chosen.form} base={`/accounts/${escaped(id)}`} account={id} data={account} {...rest} />}
      </Stack>
    </Paper>
  );
}
