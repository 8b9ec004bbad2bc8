import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Divider from "@mui/material/Divider";
import List from "@mui/material/List";
import ListItem from "@mui/material/ListItem";
import ListItemButton from "@mui/material/ListItemButton";
import ListItemText from "@mui/material/ListItemText";
import Stack from "@mui/material/Stack";
import TextField from "@mui/material/TextField";
import { useContext, useEffect, useState } from "react";
import { call } from "./connection.js";
import { Language, useWords } from "./texts.js";
import { useCall } from "./useCall.js";

const UNSUPPORTED = 4;

const kinds = ({ settings }) => Object.values(settings.accounts ?? {}).map(({ transport }) => transport.toUpperCase()).join(", ");

// Proposes accounts for an address. Where the library cannot, it does not show.
export default function Discovery({ onProposal }) {
  const word = useWords();
  const lang = useContext(Language);
  const [address, setAddress] = useState("");
  const { run, cancel, isRunning, result, error } = useCall();
  const [isKnown, setKnown] = useState(false);
  // Without an address nothing is looked for; the answer tells whether the library can.
  useEffect(() => {
    const own = new AbortController();
    const learn = (error) => own.signal.aborted || setKnown(error?.status !== UNSUPPORTED);
    call({ lang, call: { discover: { address: "" } } }, () => {}, own.signal).then(learn, learn);
    return () => own.abort();
  }, [lang]);
  if (!isKnown) return null;
  const find = (event) => {
    event.preventDefault();
    run({ lang, call: { discover: { address } } });
  };
  return (
    <>
      <Stack component="form" onSubmit={find} direction={{ xs: "column", sm: "row" }} sx={{ gap: 1, pt: 1, alignItems: { sm: "center" } }}>
        <TextField id="discover" type="email" label={word("discover.address")} value={address} onChange={({ target }) => setAddress(target.value)} />
        {isRunning ? <Button onClick={cancel}>{word("cancel")}</Button> : <Button id="discover-do" type="submit" variant="outlined" disabled={!address} sx={{ flexShrink: 0 }}>{word("discover.do")}</Button>}
      </Stack>
      <div role="status">
        {error && <Alert severity="error" sx={{ mt: 1 }}>{error.message}</Alert>}
        {result && !result.proposals.length && <Alert severity="info" sx={{ mt: 1 }}>{word("discover.none")}</Alert>}
        <List>
          {(result?.proposals ?? []).map((proposal, index) => (
            <ListItem key={index} disablePadding>
              <ListItemButton id={`proposal-${index}`} onClick={() => onProposal(proposal.settings)}>
                <ListItemText
                  primary={`${[proposal.provider, kinds(proposal)].filter(Boolean).join(": ")} (${proposal.confidence} %)`}
                  secondary={[proposal.reason, ...proposal.notes].join(" ")}
                />
              </ListItemButton>
            </ListItem>
          ))}
        </List>
      </div>
      <Divider sx={{ my: 1.5 }}>{word("or")}</Divider>
    </>
  );
}
