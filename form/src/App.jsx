import Alert from "@mui/material/Alert";
import CssBaseline from "@mui/material/CssBaseline";
import { ThemeProvider } from "@mui/material/styles";
import useMediaQuery from "@mui/material/useMediaQuery";
import { useEffect, useMemo, useState } from "react";
import Page from "./Page.jsx";
import { ask, stayAlive } from "./connection.js";
import { Language, word } from "./texts.js";
import { theme } from "./theme.js";
import { useSettings } from "./useSettings.js";

export default function App() {
  const isDark = useMediaQuery("(prefers-color-scheme: dark)");
  const look = useMemo(() => theme(isDark ? "dark" : "light"), [isDark]);
  const [chosen, setChosen] = useState(null);
  const [forms, setForms] = useState(null);
  const [isLost, setLost] = useState(false);
  const settings = useSettings(chosen ?? "en");
  const language = chosen ?? settings.file?.language ?? "en";
  const { setFailure } = settings;

  useEffect(() => stayAlive(() => setLost(true)), []);
  useEffect(() => {
    if (settings.file && chosen === null) setChosen(settings.file.language);
  }, [settings.file, chosen]);
  useEffect(() => {
    if (!chosen) return;
    document.documentElement.lang = chosen;
    document.title = `Postkontor – ${word(chosen, "title")}`;
    ask("forms", { lang: chosen }).then((answer) => setForms({ ...answer, language: chosen }), setFailure);
  }, [chosen, setFailure]);

  return (
    <ThemeProvider theme={look}>
      <CssBaseline enableColorScheme />
      <Language value={language}>
        {isLost && <Alert severity="warning" variant="filled">{word(language, "ended")}</Alert>}
        {settings.document && forms ? (
          <Page forms={forms} settings={settings} language={language} onLanguage={setChosen} />
        ) : (
          settings.failure && <Alert severity="error">{settings.failure.message || settings.failure.code}</Alert>
        )}
      </Language>
    </ThemeProvider>
  );
}
