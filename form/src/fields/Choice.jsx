import { Widgets } from "@rjsf/mui";

// A choice whose first entry is what applies where nothing is chosen. It stands for a field that is not there.
export default function Choice({ value, onChange, schema, ...rest }) {
  const hasDefault = (schema.oneOf ?? []).some((choice) => choice.const === null);
  return (
    <Widgets.SelectWidget
      {...rest}
      schema={hasDefault ? { ...schema, default: null } : schema}
      value={hasDefault ? (value ?? null) : value}
      onChange={(chosen) => onChange(chosen ?? undefined)}
    />
  );
}
