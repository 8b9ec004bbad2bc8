import Checkbox from "@mui/material/Checkbox";
import FormControlLabel from "@mui/material/FormControlLabel";

// Yes or no. Its description stands below, as that of every field.
export default function Check({ id, value, onChange, label, disabled }) {
  return (
    <FormControlLabel
      label={label}
      control={
        <Checkbox
          id={id}
          checked={value === true}
          disabled={disabled}
          onChange={({ target }) => onChange(target.checked)}
          slotProps={{ input: { "aria-describedby": `${id}__description ${id}__problems` } }}
        />
      }
    />
  );
}
