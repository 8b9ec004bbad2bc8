import Typography from "@mui/material/Typography";
import { useContext } from "react";
import { Language, useWords } from "../texts.js";

// What the check saw in a file with a certificate: whose it is, its fingerprint, and its dates.
export default function Certificate({ id, shown }) {
  const word = useWords();
  const language = useContext(Language);
  const day = (moment) => new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(moment));
  return (
    <Typography id={id} data-certificate={shown.fingerprint} variant="caption" component="div" color="textSecondary" sx={{ mx: 1.75, mt: 0.5, overflowWrap: "anywhere" }}>
      <div>{shown.subject}</div>
      <div>{word("certificate.valid", { from: day(shown.not_before), until: day(shown.not_after) })}</div>
      <div>{word("certificate.fingerprint", { fingerprint: shown.fingerprint })}</div>
    </Typography>
  );
}
