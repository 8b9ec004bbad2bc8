import Alert from "@mui/material/Alert";
import AlertTitle from "@mui/material/AlertTitle";
import Button from "@mui/material/Button";
import { useWords } from "../texts.js";

// The error of a call, with the fields that it names.
export default function Failure({ error, onFocus }) {
  const word = useWords();
  const places = (error.at ?? []).filter(({ of }) => of !== "message");
  return (
    <Alert severity="error" data-code={error.code} sx={{ mt: 2, overflowWrap: "anywhere" }}>
      <AlertTitle>{error.message || word(error.code ?? "page.no_answer")}</AlertTitle>
      {places.map(({ pointer, message }) => (
        <Button key={pointer + message} size="small" color="inherit" onClick={() => onFocus(pointer)} sx={{ textAlign: "left" }}>{message}</Button>
      ))}
    </Alert>
  );
}
