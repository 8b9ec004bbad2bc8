import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Stack from "@mui/material/Stack";
import { useContext } from "react";
import { Language, useWords } from "../texts.js";
import { useCall } from "../useCall.js";
import Failure from "./Failure.jsx";
import Step from "./Step.jsx";

// Tests the account and shows each step as it is done.
export default function TestTrial({ account, document, onFocus }) {
  const word = useWords();
  const lang = useContext(Language);
  const { run, cancel, isRunning, heard, result, error } = useCall();
  const told = result?.steps ?? heard.filter(({ event }) => event === "step").map(({ data }) => data);
  // What was not to be done, and why is plain, is left out.
  const steps = told.filter(({ status, message }) => status !== "skipped" || message);
  return (
    <Stack sx={{ gap: 1.5 }}>
      {isRunning ? (
        <Button variant="outlined" onClick={cancel}>{word("cancel")}</Button>
      ) : (
        <Button variant="contained" id="test" onClick={() => run({ lang, document, account, call: "test" })}>{word("test.do")}</Button>
      )}
      {isRunning && <LinearProgress aria-label={word("test.runs")} />}
      <Stack component="ol" aria-live="polite" sx={{ listStyle: "none", p: 0, m: 0, gap: 1 }}>
        {steps.map((step, index) => <Step key={index} step={step} onFocus={onFocus} />)}
      </Stack>
      {result && <Alert severity={result.ok ? "success" : "error"} id="verdict">{word(result.ok ? "test.ok" : "test.failed")}</Alert>}
      {error && <Failure error={error} onFocus={onFocus} />}
    </Stack>
  );
}
