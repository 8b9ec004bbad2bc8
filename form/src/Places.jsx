import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Chip from "@mui/material/Chip";
import List from "@mui/material/List";
import ListItem from "@mui/material/ListItem";
import ListItemButton from "@mui/material/ListItemButton";
import ListItemText from "@mui/material/ListItemText";
import Paper from "@mui/material/Paper";
import { useWords } from "./texts.js";

// What there is to set: the accounts, and the rest.
export default function Places({ accounts, forms, selected, countOf, onSelect, onAdd }) {
  const word = useWords();
  const entry = (key, id, title, below) => {
    const count = countOf(id);
    return (
      <ListItem key={key} disablePadding>
        <ListItemButton selected={selected === id} aria-current={selected === id ? "page" : undefined} onClick={() => onSelect(id)} sx={{ borderRadius: 1.5 }}>
          <ListItemText primary={title} secondary={below} slotProps={{ primary: { sx: { overflowWrap: "anywhere" } } }} />
          {count > 0 && <Chip size="small" color="error" label={count} aria-label={word("problems.count", { count })} />}
        </ListItemButton>
      </ListItem>
    );
  };
  const titled = (name) => forms.transports.find((transport) => transport.name === name)?.form.schema.title ?? name;
  return (
    <Paper component="nav" aria-label={word("places")} sx={{ p: 1, alignSelf: "start" }}>
      <List dense>
        {Object.entries(accounts).map(([id, account]) => entry(`account ${id}`, id, id, titled(account?.transport)))}
        {entry("general", null, word("general"), word("general.below"))}
      </List>
      <Box sx={{ p: 1 }}>
        <Button id="add-account" fullWidth variant="outlined" onClick={onAdd}>{word("account.add")}</Button>
      </Box>
    </Paper>
  );
}
