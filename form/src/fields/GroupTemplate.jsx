import Box from "@mui/material/Box";
import Button from "@mui/material/Button";
import Typography from "@mui/material/Typography";
import { useState } from "react";
import { useFacts } from "../facts.js";
import { useWords } from "../texts.js";

const isGiven = (value) => value !== undefined && value !== null && value !== "" && !(typeof value === "object" && !Object.keys(value).length);

// A group of fields. Those that few people need are folded away, unless they hold something.
export default function GroupTemplate({ title, description, properties, schema, formData, fieldPathId }) {
  const word = useWords();
  const [isOpen, setOpen] = useState(false);
  const { hasProblems, opened } = useFacts();
  const pointer = fieldPathId.$id.slice("field".length);
  const isRoot = pointer === "";
  const isFolded = ({ name }) =>
    schema.properties?.[name]?.["x-postkontor"]?.advanced && !isGiven(formData?.[name]) && !hasProblems(`${pointer}/${name}`);
  const shown = properties.filter((property) => !property.hidden);
  const folded = shown.filter(isFolded);
  const isShown = isOpen || opened(pointer);
  if (!shown.length) return null;
  return (
    <Box component={isRoot ? "div" : "section"} aria-labelledby={isRoot ? undefined : `${fieldPathId.$id}__title`} sx={{ mt: isRoot ? 0 : 1 }}>
      {!isRoot && title && (
        <Typography id={`${fieldPathId.$id}__title`} variant="h3" component={pointer.split("/").length > 2 ? "h4" : "h3"}>
          {title}
        </Typography>
      )}
      {!isRoot && description && <Typography variant="body2" color="textSecondary">{description}</Typography>}
      <Box sx={{ display: "grid", gap: isRoot ? 3 : 2, mt: isRoot ? 0 : 1.5 }}>
        {properties.filter((property) => isShown || !isFolded(property)).map(({ name, content }) => <Box key={name}>{content}</Box>)}
      </Box>
      {folded.length > 0 && (
        <Button size="small" aria-expanded={isShown} onClick={() => setOpen(!isShown)} sx={{ mt: 1 }}>
          {word(isShown ? "advanced.hide" : "advanced.show", { count: folded.length })}
        </Button>
      )}
    </Box>
  );
}
