import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Link from "@mui/material/Link";
import Stack from "@mui/material/Stack";
import { useContext } from "react";
import { Language, useWords } from "../texts.js";
import { useCall } from "../useCall.js";
import Failure from "./Failure.jsx";

// Asks a person for consent (OAuth 2.0): shows what to open, and waits.
export default function ConsentTrial({ account, document, onFocus }) {
  const word = useWords();
  const lang = useContext(Language);
  const { run, cancel, isRunning, heard, result, error } = useCall();
  const consent = heard.find(({ event }) => event === "consent")?.data;
  // Another scheme would run in this page.
  const url = /^https?:\/\//.test(consent?.url ?? "") ? consent.url : undefined;
  return (
    <Stack sx={{ gap: 1.5 }}>
      {isRunning ? (
        <Button variant="outlined" onClick={cancel}>{word("cancel")}</Button>
      ) : (
        <Button id="consent-ask" variant="contained" onClick={() => run({ lang, document, account, call: "authorize" })}>{word("consent.do")}</Button>
      )}
      {isRunning && <LinearProgress aria-label={word("consent.runs")} />}
      <div role="status">
        {isRunning && consent && (
          <Alert id="consent" severity="info" sx={{ overflowWrap: "anywhere" }}>
            {consent.message}
            {url && <Link href={url} target="_blank" rel="noopener noreferrer" sx={{ display: "block", mt: 1 }}>{word("consent.open")}</Link>}
          </Alert>
        )}
        {result && <Alert id="consent-done" severity="success">{result.message || word("consent.done")}</Alert>}
        {error && <Failure error={error} onFocus={onFocus} />}
      </div>
    </Stack>
  );
}
