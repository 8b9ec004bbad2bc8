import AppBar from "@mui/material/AppBar";
import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import MenuItem from "@mui/material/MenuItem";
import TextField from "@mui/material/TextField";
import Toolbar from "@mui/material/Toolbar";
import Typography from "@mui/material/Typography";
import { LANGUAGES, useWords } from "./texts.js";

// The file, the language, and saving.
export default function Head({ path, language, isChanged, onLanguage, onSave }) {
  const word = useWords();
  return (
    <AppBar position="sticky" color="inherit" elevation={0} sx={{ borderWidth: "0 0 1px", borderRadius: 0 }}>
      <Toolbar sx={{ gap: { xs: 1, sm: 2 }, py: 1 }}>
        <Box sx={{ flex: 1, minWidth: 0 }}>
          <Typography variant="h1">Postkontor</Typography>
          <Typography variant="caption" color="textSecondary" component="p" noWrap title={path}>{path.split(/[\\/]/).pop()}</Typography>
        </Box>
        <TextField select id="language" label={word("language")} value={language} onChange={({ target }) => onLanguage(target.value)} sx={{ width: { xs: 124, sm: 150 }, flexShrink: 0 }}>
          {Object.entries(LANGUAGES).map(([code, name]) => <MenuItem key={code} value={code} lang={code}>{name}</MenuItem>)}
        </TextField>
        <Button id="save" variant="contained" disabled={!isChanged} onClick={onSave} sx={{ flexShrink: 0 }}>{word(isChanged ? "save" : "saved")}</Button>
      </Toolbar>
    </AppBar>
  );
}
