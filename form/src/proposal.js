// What discovery proposes is a whole document; here it becomes a part of one.
import { LAYERS, at, escaped, isLayered, isObject, merged, patched, withValue } from "./document.js";

// A name that is still free.
export function free(wanted, taken) {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? wanted : `${wanted}-${number}`;
    if (!taken.includes(name)) return name;
  }
}

// Where a document names accounts: in its own groups, and in an account.
const NAMED = ["/send/account", "/send/fallback", "/sent/account", "/receive/account"];
const NAMED_BY_ACCOUNT = ["/auth/account", "/imap/via"];

function renamed(value, pointers, names) {
  const other = (name) => names[name] ?? name;
  return pointers.reduce((whole, pointer) => {
    const found = at(whole, pointer);
    return found === undefined ? whole : withValue(whole, pointer, Array.isArray(found) ? found.map(other) : other(found));
  }, value);
}

// The document with the accounts of a proposal, under names that are free; what the document says of its own stays. The password is left
// out, so that the form asks for it. The second value names the first of the new accounts.
export function adopted(document, proposal) {
  const whole = merged(document);
  const taken = Object.keys(whole.accounts ?? {});
  const names = {};
  for (const name of Object.keys(proposal.accounts ?? {})) names[name] = free(name, [...taken, ...Object.values(names)]);
  const { accounts = {}, ...groups } = renamed(proposal, NAMED, names);
  const own = Object.entries(accounts).map(([name, account]) => [
    names[name],
    renamed(isObject(at(account, "/auth/password")) ? withValue(account, "/auth/password", undefined) : account, NAMED_BY_ACCOUNT, names),
  ]);
  const added = own.reduce((all, [name, account]) => {
    const layer = isLayered(document) ? `/${LAYERS[0]}` : "";
    return withValue(all, `${layer}/accounts/${escaped(name)}`, account);
  }, document);
  // In layers the groups are left as they are: each of their values has a place of its own.
  const result = isLayered(document) ? added : { ...added, ...patched(groups, Object.fromEntries(Object.entries(added).filter(([name]) => name in groups))) };
  return [result, own[0]?.[0] ?? null];
}
