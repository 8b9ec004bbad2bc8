import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { useWords } from "./texts.js";

// What concerns the page as a whole: plugins that failed, calls that did, and a file that others have changed.
export default function Notices({ settings, forms }) {
  const word = useWords();
  const { isConflict, isInFile, failure } = settings;
  if (!isConflict && !isInFile && !failure && !forms.failed.length) return null;
  return (
    <Stack sx={{ gridColumn: "1 / -1", gap: 1 }} id="notices">
      {forms.failed.map(({ error, file }) => <Alert key={file ?? error.code} severity="warning">{error.message || error.code}</Alert>)}
      {failure && <Alert severity="error" onClose={() => settings.setFailure(null)}>{failure.message || failure.code}</Alert>}
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
