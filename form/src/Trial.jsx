import Paper from "@mui/material/Paper";
import Tab from "@mui/material/Tab";
import Tabs from "@mui/material/Tabs";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import ConsentTrial from "./trials/ConsentTrial.jsx";
import FetchTrial from "./trials/FetchTrial.jsx";
import SendTrial from "./trials/SendTrial.jsx";
import TestTrial from "./trials/TestTrial.jsx";
import { useWords } from "./texts.js";

const TRIALS = [
  ["test", "test", TestTrial],
  ["send", "send", SendTrial],
  ["receive", "fetch", FetchTrial],
  ["authorize", "consent", ConsentTrial],
];

// What an account can be tried with.
export default function Trial({ operations, hasConsent, ...rest }) {
  const word = useWords();
  const trials = TRIALS.filter(([operation]) => operations.includes(operation) && (operation !== "authorize" || hasConsent));
  const [chosen, setChosen] = useState("test");
  const current = trials.find(([, name]) => name === chosen) ?? trials[0];
  if (!current) return null;
  const [, name, Current] = current;
  return (
    <Paper component="section" aria-labelledby="trial-title" sx={{ p: { xs: 2, sm: 3 } }}>
      <Typography id="trial-title" variant="h2">{word("trial")}</Typography>
      <Tabs value={name} onChange={(_, next) => setChosen(next)} variant="scrollable" allowScrollButtonsMobile aria-label={word("trial")} sx={{ mb: 2 }}>
        {trials.map(([, tab]) => (
          <Tab key={tab} value={tab} id={`tab-${tab}`} aria-controls={`panel-${tab}`} label={word(`trial.${tab}`)} sx={{ minWidth: 0 }} />
        ))}
      </Tabs>
      <div role="tabpanel" id={`panel-${name}`} aria-labelledby={`tab-${name}`}>
        <Current key={rest.account} hasFolders={operations.includes("folders")} {...rest} />
      </div>
    </Paper>
  );
}
