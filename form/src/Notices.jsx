import Alert from "@mui/material/Alert";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { useWords } from "./texts.js";

// What concerns the page as a whole: plugins that failed, calls that did, a file of an older version, and one that others have changed.
export default function Notices({ settings, forms }) {
  const word = useWords();
  const { isConflict, isInFile, failure, migrated } = settings;
  if (!isConflict && !isInFile && !failure && !migrated && !forms.failed.length) return null;
  return (
    <Stack sx={{ gridColumn: "1 / -1", gap: 1 }} id="notices">
      {forms.failed.map(({ error, file }) => <Alert key={file ?? error.code} severity="warning">{error.message || error.code}</Alert>)}
      {failure && <Alert severity="error" onClose={() => settings.setFailure(null)}>{failure.message || failure.code}</Alert>}
      {migrated && (
        <Alert severity="info" id="migrated">
          {word("migrated", migrated)}
          <Box component="ul" sx={{ m: 0, pl: 2.5, overflowWrap: "anywhere" }}>
            {migrated.moves.map(([from, to]) => <li key={from}>{word(to === undefined ? "migrated.dropped" : "migrated.moved", { from, to })}</li>)}
          </Box>
        </Alert>
      )}
      {isInFile && <Alert severity="info" id="in-file" onClose={() => settings.setInFile(false)}>{word("secret.in_file")}</Alert>}
      {isConflict && (
        <Alert
          severity="warning"
          id="conflict"
          action={
            <Stack direction="row">
              <Button id="conflict-overwrite" color="inherit" size="small" onClick={() => settings.save(true)}>{word("conflict.overwrite")}</Button>
              <Button color="inherit" size="small" onClick={() => { settings.setConflict(false); settings.load(); }}>{word("conflict.reload")}</Button>
            </Stack>
          }
        >
          {word("conflict")}
        </Alert>
      )}
    </Stack>
  );
}
