// What the page reads out of a schema beside what the form generator does.
import { escaped } from "../document.js";

// Every field of a schema with its pointer, also those that show under conditions: [pointer, schema, scope].
export function* fields(schema, pointer = "", scope = undefined) {
  const groups = [schema, ...(schema.allOf ?? []).flatMap((branch) => [branch.then ?? {}, branch.else ?? {}])];
  for (const group of groups) {
    for (const [name, member] of Object.entries(group.properties ?? {})) {
      if (!member.type) continue;
      const below = `${pointer}/${escaped(name)}`;
      const own = member["x-postkontor"]?.scope ?? scope;
      yield [below, member, own];
      if (!member["x-postkontor"]?.reference) yield* fields(member, below, own);
      // A list of groups: its items are described once.
      if (member.items?.properties) yield* fields(member.items, `${below}/items`, own);
    }
  }
}

// Which layer each field belongs to.
export function scopes(schema) {
  const found = new Map();
  for (const [pointer, , scope] of fields(schema)) if (scope) found.set(pointer, scope);
  return (pointer) => {
    for (let place = pointer; place; place = place.slice(0, place.lastIndexOf("/"))) if (found.has(place)) return found.get(place);
    return undefined;
  };
}

// The uiSchema with the page's own fields where the schema says what a value is.
export function uiSchema(schema, given) {
  const ui = structuredClone(given);
  for (const [pointer, member] of fields(schema)) {
    const about = member["x-postkontor"] ?? {};
    const isList = [member.type].flat().includes("array") && !member.items?.properties;
    const field = about.secret || about.reference ? "secret" : isList ? "list" : about.account ? "account" : about.folder ? "folder" : undefined;
    const place = pointer.split("/").slice(1).reduce((group, name) => (group[name] ??= {}), ui);
    if (field) place["ui:field"] = field;
    // Yes, no, or what applies.
    if (member.oneOf && [member.type].flat().includes("boolean")) place["ui:widget"] = "select";
    const described = `field${pointer}__description field${pointer}__problems`;
    place["ui:options"] = { mui: { slotProps: { htmlInput: { "aria-describedby": described }, select: { SelectDisplayProps: { "aria-describedby": described } } } } };
  }
  ui["ui:submitButtonOptions"] = { norender: true };
  return ui;
}
