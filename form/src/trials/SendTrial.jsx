import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import Stack from "@mui/material/Stack";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableRow from "@mui/material/TableRow";
import TextField from "@mui/material/TextField";
import { useContext, useState } from "react";
import { merged } from "../document.js";
import { Language, useWords } from "../texts.js";
import { useCall } from "../useCall.js";
import Failure from "./Failure.jsx";

// Sends a test mail and shows its receipt.
export default function SendTrial({ account, document, onFocus }) {
  const word = useWords();
  const lang = useContext(Language);
  const whole = merged(document);
  const sender = whole.accounts?.[account]?.sender?.address ?? whole.sender?.address ?? "";
  const [typed, setTyped] = useState(null);
  const { run, cancel, isRunning, result, error } = useCall();
  const to = typed ?? sender;
  const send = (event) => {
    event.preventDefault();
    const letter = { to, subject: word("mail.subject"), text: word("mail.text", { account }) };
    run({ lang, document, account, call: { send: letter } });
  };
  return (
    <Stack component="form" onSubmit={send} noValidate sx={{ gap: 1.5 }}>
      <TextField id="send-to" type="email" label={word("send.to")} value={to} onChange={({ target }) => setTyped(target.value)} />
      {isRunning ? (
        <Button variant="outlined" onClick={cancel}>{word("cancel")}</Button>
      ) : (
        <Button type="submit" id="send" variant="contained" disabled={!to}>{word("send.do")}</Button>
      )}
      {isRunning && <LinearProgress aria-label={word("send.runs")} />}
      <div role="status">
        {result && <Receipt receipt={result} />}
        {error && <Failure error={error} onFocus={onFocus} />}
      </div>
    </Stack>
  );
}

function Receipt({ receipt }) {
  const word = useWords();
  const rows = [
    [word("receipt.id"), receipt.message_id],
    [word("receipt.account"), `${receipt.account} (${receipt.transport})`],
    ...(receipt.recipients ?? []).map((answer) => [answer.address, answer.reply?.text ?? answer.text ?? answer.status ?? ""]),
    [word("receipt.size"), word("bytes", { count: receipt.size })],
    ...(receipt.saved_to ? [[word("receipt.saved"), receipt.saved_to]] : []),
  ];
  return (
    <>
      <Alert severity="success" id="receipt">{word("send.done")}</Alert>
      <Table size="small" sx={{ mt: 1, tableLayout: "fixed" }}>
        <TableBody>
          {rows.map(([name, value]) => (
            <TableRow key={name}>
              <TableCell component="th" scope="row" sx={{ overflowWrap: "anywhere", pl: 0 }}>{name}</TableCell>
              <TableCell sx={{ overflowWrap: "anywhere", pr: 0 }}>{typeof value === "string" ? value : JSON.stringify(value)}</TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      {(receipt.warnings ?? []).map((warning) => <Alert key={warning.code} severity="warning" sx={{ mt: 1 }}>{warning.message}</Alert>)}
    </>
  );
}
