import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import LinearProgress from "@mui/material/LinearProgress";
import MenuItem from "@mui/material/MenuItem";
import Stack from "@mui/material/Stack";
import Table from "@mui/material/Table";
import TableBody from "@mui/material/TableBody";
import TableCell from "@mui/material/TableCell";
import TableContainer from "@mui/material/TableContainer";
import TableHead from "@mui/material/TableHead";
import TableRow from "@mui/material/TableRow";
import TextField from "@mui/material/TextField";
import Typography from "@mui/material/Typography";
import { useContext, useState } from "react";
import { Language, useWords } from "../texts.js";
import { useCall } from "../useCall.js";
import Failure from "./Failure.jsx";

const people = (list) => [list ?? []].flat().map((person) => person?.name || person?.address || String(person)).join(", ");

// Shows what lies in the inbox. Nothing is marked or deleted.
export default function FetchTrial({ account, document, hasFolders, onFocus }) {
  const word = useWords();
  const lang = useContext(Language);
  const [folder, setFolder] = useState("");
  const folders = useCall();
  const { run, cancel, isRunning, result, error } = useCall();
  const moment = (text) => {
    const date = new Date(text);
    return Number.isNaN(date.valueOf()) ? "" : date.toLocaleString(lang, { dateStyle: "medium", timeStyle: "short" });
  };
  const messages = result?.messages ?? [];
  const body = { lang, document, account };
  return (
    <Stack sx={{ gap: 1.5 }}>
      {hasFolders && (
        <TextField
          select id="fetch-folder" label={word("fetch.folder")} value={folder}
          onChange={({ target }) => setFolder(target.value)}
          slotProps={{ select: { displayEmpty: true, onOpen: () => folders.result || folders.run({ ...body, call: "folders" }) }, inputLabel: { shrink: true } }}
        >
          <MenuItem value="">{word("fetch.inbox")}</MenuItem>
          {(folders.result?.folders ?? []).filter(({ selectable }) => selectable !== false).map(({ name }) => <MenuItem key={name} value={name}>{name}</MenuItem>)}
        </TextField>
      )}
      {folders.error && <Failure error={folders.error} onFocus={onFocus} />}
      {isRunning ? (
        <Button variant="outlined" onClick={cancel}>{word("cancel")}</Button>
      ) : (
        <Button variant="contained" id="fetch" onClick={() => run({ ...body, call: { fetch: folder ? { folder } : {} } })}>{word("fetch.do")}</Button>
      )}
      {isRunning && <LinearProgress aria-label={word("fetch.runs")} />}
      <div role="status">
        {result && <Alert severity="info">{word(messages.length < result.limit ? "fetch.count" : "fetch.first", { count: messages.length })}</Alert>}
        {error && <Failure error={error} onFocus={onFocus} />}
      </div>
      {messages.length > 0 && (
        <TableContainer tabIndex={0} role="region" aria-label={word("trial.fetch")}>
          <Table size="small" id="messages">
            <TableHead>
              <TableRow>{["from", "subject", "date"].map((name) => <TableCell key={name}>{word(`fetch.${name}`)}</TableCell>)}</TableRow>
            </TableHead>
            <TableBody>
              {messages.map((message) => (
                <TableRow key={message.id}>
                  <TableCell sx={{ overflowWrap: "break-word" }}>{people(message.from)}</TableCell>
                  <TableCell sx={{ overflowWrap: "break-word" }}>{message.subject}</TableCell>
                  <TableCell>
                    {moment(message.date?.time ?? message.date ?? message.received)}
                    <Typography variant="caption" component="p" color="textSecondary">{word("bytes", { count: message.size ?? "" })}</Typography>
                  </TableCell>
                </TableRow>
              ))}
            </TableBody>
          </Table>
        </TableContainer>
      )}
    </Stack>
  );
}
