import Box from "@mui/material/Box";
import Chip from "@mui/material/Chip";
import Typography from "@mui/material/Typography";
import { useFacts } from "../facts.js";
import { useWords } from "../texts.js";
import Certificate from "./Certificate.jsx";
import Problems from "./Problems.jsx";

// A field with what there is to say about it: its description, the layer that set it, and its problems with what repairs them.
export default function FieldTemplate({ id, children, hidden, rawDescription, schema }) {
  const word = useWords();
  const { problemsAt, originOf, certificateAt } = useFacts();
  if (hidden) return <Box sx={{ display: "none" }}>{children}</Box>;
  const pointer = id.slice("field".length);
  const isGroup = schema.properties !== undefined && !schema["x-postkontor"]?.reference;
  const origin = isGroup ? undefined : originOf(pointer);
  const certificate = certificateAt(pointer);
  return (
    <Box>
      {children}
      {!isGroup && (rawDescription || origin) && (
        <Typography id={`${id}__description`} variant="caption" component="p" color="textSecondary" sx={{ mx: 1.75, mt: 0.5 }}>
          {rawDescription}
          {origin && <Chip data-origin={origin} size="small" variant="outlined" label={word(`layer.${origin}`)} sx={{ ml: 1, height: 18, fontSize: 11 }} />}
        </Typography>
      )}
      {certificate && <Certificate id={`${id}__certificate`} shown={certificate} />}
      <Problems id={`${id}__problems`} problems={problemsAt(pointer)} />
    </Box>
  );
}
