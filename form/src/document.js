// The settings document as the page works on it: plain, or in layers.

export const LAYERS = ["company", "user", "workstation"];

export const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

export const isLayered = (document) => LAYERS.some((layer) => layer in document);

export const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");

const names = (pointer) => pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));

// What stands at a pointer; nothing where nothing does.
export const at = (value, pointer) => names(pointer).reduce((place, name) => (isObject(place) ? place[name] : undefined), value);

// The document with another value at a pointer; `undefined` takes it out, with the groups that are empty then.
export function withValue(document, pointer, value) {
  const [name, ...rest] = names(pointer);
  const members = isObject(document) ? { ...document } : {};
  const member = rest.length ? withValue(members[name], `/${rest.map(escaped).join("/")}`, value) : value;
  if (member === undefined || (rest.length && isObject(member) && !Object.keys(member).length)) delete members[name];
  else members[name] = member;
  return members;
}

// A merge patch (RFC 7396) applied.
export function patched(value, patch) {
  if (!isObject(patch)) return patch;
  const members = isObject(value) ? { ...value } : {};
  for (const [name, member] of Object.entries(patch)) {
    if (member === null) delete members[name];
    else members[name] = patched(members[name], member);
  }
  return members;
}

// The document without its layers: what applies.
export const merged = (document) => (isLayered(document) ? LAYERS.reduce((whole, layer) => patched(whole, document[layer] ?? {}), {}) : document);

// The pointer without its layer.
export const inMerged = (document, pointer) => {
  const [layer] = names(pointer);
  return isLayered(document) && LAYERS.includes(layer) ? pointer.slice(layer.length + 1) : pointer;
};

// What a form has left empty is not there.
export function tidy(value) {
  if (value === null || value === undefined || value === "") return undefined;
  if (!isObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, tidy(member)]).filter(([, member]) => member !== undefined);
  return members.length || !Object.keys(value).length ? Object.fromEntries(members) : undefined;
}

const isReference = (value) => isObject(value) && typeof value.secret === "string" && Object.keys(value).length === 1;

function changes(before, after, pointer, found) {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  const isGroup = (value) => isObject(value) && !isReference(value);
  if ((isGroup(before) || isGroup(after)) && !isReference(before) && !isReference(after)) {
    const all = new Set([...Object.keys(isGroup(before) ? before : {}), ...Object.keys(isGroup(after) ? after : {})]);
    for (const name of all) changes(before?.[name], after?.[name], `${pointer}/${escaped(name)}`, found);
  } else found.push([pointer, after]);
}

// What a migration has moved: [from, to], pointers of values; without `to` where its successor was there already.
export function moves(former, document) {
  const [gone, come] = [[], []];
  changes(former, document, "", gone);
  changes(document, former, "", come);
  const from = gone.filter(([pointer, after]) => after === undefined && pointer !== "/version").map(([pointer]) => pointer);
  const to = come.filter(([, before]) => before === undefined).map(([pointer]) => pointer);
  const group = (pointer) => pointer.slice(0, pointer.lastIndexOf("/"));
  const isSame = (one, other) => group(one) === group(other) && JSON.stringify(at(former, one)) === JSON.stringify(at(document, other));
  return from.map((pointer) => [pointer, to.find((other) => isSame(pointer, other))]);
}

// The document after a form has changed what stands at `pointer`. In layers each value goes to the layer that its field belongs to:
// `scope(pointer)` names it for a pointer below.
export function changed(document, pointer, value, scope) {
  if (!isLayered(document)) return pointer ? withValue(document, pointer, value) : value;
  const found = [];
  changes(pointer ? at(merged(document), pointer) : merged(document), value, "", found);
  const isCompanys = pointer.startsWith("/accounts/") && at(document.company, `${pointer}/transport`) !== undefined;
  const result = found.reduce((whole, [below, leaf]) => {
    const place = `${pointer}${below}`;
    const holder = LAYERS.find((layer) => at(whole[layer], place) !== undefined);
    const layer = isCompanys ? "company" : (scope(below) ?? holder ?? "user");
    const cleared = LAYERS.reduce((all, one) => (at(all[one], place) === undefined ? all : withValue(all, `/${one}${place}`, undefined)), whole);
    return leaf === undefined ? cleared : withValue(cleared, `/${layer}${place}`, leaf);
  }, document);
  // A layer that is empty now stays one.
  return { ...Object.fromEntries(LAYERS.filter((layer) => layer in document).map((layer) => [layer, {}])), ...result };
}
