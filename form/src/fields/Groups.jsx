import Button from "@mui/material/Button";
import Paper from "@mui/material/Paper";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useWords } from "../texts.js";

// A list of groups: one below the other, with a button for a further one.
export function Groups({ title, schema, items, fieldPathId, canAdd, onAddClick }) {
  const word = useWords();
  const id = fieldPathId.$id;
  return (
    <section aria-labelledby={`${id}__title`}>
      <Typography id={`${id}__title`} variant="h3" component="h4">{title}</Typography>
      {schema.description && <Typography variant="body2" color="textSecondary">{schema.description}</Typography>}
      <Stack sx={{ gap: 2, mt: 1.5, alignItems: "stretch" }}>{items}</Stack>
      {canAdd && <Button id={`${id}__add`} size="small" onClick={onAddClick} sx={{ mt: 1 }}>{word("groups.add", { title: schema.items?.title ?? "" })}</Button>}
    </section>
  );
}

// One of them, which can be removed.
export function GroupItem({ children, buttonsProps }) {
  const word = useWords();
  const { fieldPathId, hasRemove, onRemoveItem } = buttonsProps;
  return (
    <Paper variant="outlined" sx={{ p: 2 }}>
      {children}
      {hasRemove && <Button id={`${fieldPathId.$id}__remove`} size="small" color="error" onClick={onRemoveItem} sx={{ mt: 1 }}>{word("groups.remove")}</Button>}
    </Paper>
  );
}
