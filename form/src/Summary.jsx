import Alert from "@mui/material/Alert";
import AlertTitle from "@mui/material/AlertTitle";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { useContext } from "react";
import { Repair } from "./repair.js";
import { useWords } from "./texts.js";

// All problems of what is shown, one below the other, each leading to its field.
export default function Summary({ problems, onFocus }) {
  const word = useWords();
  const repair = useContext(Repair);
  if (!problems.length) return null;
  const isGrave = problems.some(({ severity }) => severity !== "warning");
  return (
    <Alert severity={isGrave ? "error" : "warning"} id="problems">
      <AlertTitle>{word("problems.count", { count: problems.length })}</AlertTitle>
      {problems.map(({ pointer, code, message, patch }) => (
        <Stack key={`${pointer} ${code}`} direction="row" sx={{ flexWrap: "wrap" }}>
          <Button color="inherit" size="small" onClick={() => onFocus(pointer)} sx={{ textAlign: "left", fontWeight: 400 }}>{message}</Button>
          {patch && <Button color="inherit" size="small" variant="outlined" onClick={() => repair(patch)}>{word("repair")}</Button>}
        </Stack>
      ))}
    </Alert>
  );
}
