import Alert from "@mui/material/Alert";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import { useContext } from "react";
import { Repair } from "../repair.js";
import { useWords } from "../texts.js";

// What is wrong, and a button for each repair that is known.
export default function Problems({ id, problems }) {
  const word = useWords();
  const repair = useContext(Repair);
  return (
    <Stack id={id} role={problems.length ? "status" : undefined} sx={{ gap: 1, mt: problems.length ? 1 : 0 }}>
      {problems.map(({ pointer, code, message, severity, patch }) => (
        <Alert
          key={`${pointer} ${code}`}
          severity={severity === "warning" ? "warning" : "error"}
          data-code={code}
          action={patch && <Button color="inherit" size="small" onClick={() => repair(patch)}>{word("repair")}</Button>}
          sx={{ py: 0 }}
        >
          {message}
        </Alert>
      ))}
    </Stack>
  );
}
