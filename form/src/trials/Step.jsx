import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Stack from "@mui/material/Stack";
import Typography from "@mui/material/Typography";
import { useContext } from "react";
import { Repair } from "../repair.js";
import { useWords } from "../texts.js";

const SIGNS = { ok: ["✓", "success.main"], warn: ["!", "warning.main"], fail: ["✗", "error.main"], skipped: ["·", "text.secondary"] };

// What a person wants to see of a step that went well.
const SEEN = ["addresses", "address", "text", "version", "cipher", "subject", "mechanism", "path"];

const seen = (facts = {}) => SEEN.map((name) => [facts[name] ?? []].flat().join(", ")).filter(Boolean).join(", ");

// A step of a test: how it went, how long it took, and what to do.
export default function Step({ step, onFocus }) {
  const word = useWords();
  const repair = useContext(Repair);
  const [sign, color] = SIGNS[step.status] ?? SIGNS.skipped;
  const facts = step.status === "ok" ? seen(step.facts) : "";
  return (
    <Box component="li" data-step={step.step} data-status={step.status} sx={{ display: "grid", gridTemplateColumns: "1.5rem 1fr", columnGap: 0.5 }}>
      <Typography aria-label={word(`step.${step.status}`)} role="img" sx={{ color, fontWeight: 700 }}>{sign}</Typography>
      <Box sx={{ overflowWrap: "anywhere", minWidth: 0 }}>
        <Typography variant="body2" sx={{ fontWeight: step.status === "fail" ? 650 : 400 }}>
          {step.message || step.step}
          {step.ms > 0 && <Typography component="span" variant="caption" color="textSecondary">{` ${step.ms} ms`}</Typography>}
        </Typography>
        {facts && <Typography variant="caption" color="textSecondary">{facts}</Typography>}
        {(step.advice ?? []).map((advice) => <Typography key={advice} variant="body2" color="textSecondary">→ {advice}</Typography>)}
        <Stack direction="row" sx={{ gap: 1 }}>
          {step.patch && <Button size="small" variant="outlined" onClick={() => repair(step.patch)}>{word("repair")}</Button>}
          {step.pointer && step.status !== "ok" && <Button size="small" onClick={() => onFocus(step.pointer)}>{word("show.field")}</Button>}
        </Stack>
      </Box>
    </Box>
  );
}
