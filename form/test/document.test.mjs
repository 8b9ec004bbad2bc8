// What the page does to a document: `node --test form/test`.
import assert from "node:assert/strict";
import test from "node:test";
import { at, changed, inMerged, merged, moves, patched, tidy, withValue } from "../src/document.js";
import { adopted } from "../src/proposal.js";
import { scopes } from "../src/fields/schema.js";

const schema = {
  properties: {
    server: { type: "object", properties: {
      host: { type: "string", "x-postkontor": { scope: "workstation" } }, port: { type: "integer", "x-postkontor": { scope: "user" } } } },
    auth: { type: "object", properties: { user: { type: "string", "x-postkontor": { scope: "user" } } }, allOf: [
      { then: { properties: { password: { type: "string", "x-postkontor": { scope: "user", secret: true } } } } },
      { then: { properties: { password: { type: "object", properties: { secret: { type: "string" } }, "x-postkontor": { reference: true } } } } }] },
  },
};

const layered = {
  company: { accounts: { own: { transport: "smtp", server: { host: "a", port: 25 } } } },
  user: { accounts: { mine: { transport: "smtp", server: { port: 587 }, auth: { password: { secret: "x" } } } } },
  workstation: { accounts: { mine: { server: { host: "b" } } } },
};

test("each value goes to the layer that its field belongs to", () => {
  const before = merged(layered).accounts.mine;
  const after = { ...before, server: { host: "c", port: 465 }, auth: { user: "anna", password: { secret: "y" } } };
  const result = changed(layered, "/accounts/mine", after, scopes(schema));
  assert.deepEqual(result.user.accounts.mine, { transport: "smtp", server: { port: 465 }, auth: { user: "anna", password: { secret: "y" } } });
  assert.deepEqual(result.workstation.accounts.mine, { server: { host: "c" } });
  assert.deepEqual(result.company, layered.company);
});

test("an account of the company's keeps all its values there", () => {
  const result = changed(layered, "/accounts/own", { transport: "smtp", server: { host: "d", port: 26 } }, scopes(schema));
  assert.deepEqual(result.company.accounts.own.server, { host: "d", port: 26 });
  assert.deepEqual([result.user, result.workstation], [layered.user, layered.workstation]);
});

test("a value that is cleared stands in no layer any more, and an account that is removed in none", () => {
  const result = changed(layered, "/accounts/mine", { transport: "smtp", server: { port: 587 } }, scopes(schema));
  assert.deepEqual([result.user.accounts.mine, result.workstation], [{ transport: "smtp", server: { port: 587 } }, {}]);
  assert.deepEqual(Object.keys(merged(changed(layered, "/accounts/mine", undefined, () => undefined)).accounts), ["own"]);
});

test("a document without layers is changed where it stands, and nothing else of it", () => {
  const plain = { accounts: { "a/b": { transport: "smtp", odd: 1 } }, extra: [1] };
  assert.deepEqual(changed(plain, "/accounts/a~1b", { transport: "imap", odd: 1 }), { accounts: { "a/b": { transport: "imap", odd: 1 } }, extra: [1] });
  assert.equal(plain.accounts["a/b"].transport, "smtp");
  assert.equal(at(plain, "/accounts/a~1b/transport"), "smtp");
  assert.deepEqual(withValue(plain, "/accounts/a~1b", undefined), { extra: [1] });
});

test("patches are merged as RFC 7396 says", () => {
  assert.deepEqual(patched({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] }), { a: { c: 2, e: 3 }, d: [2] });
  assert.deepEqual(patched({ a: 1 }, { a: { b: 2 } }), { a: { b: 2 } });
});

test("what a form has left empty is not there", () => {
  assert.deepEqual(tidy({ a: null, b: "", c: { d: undefined }, e: false, f: 0, g: { h: {} }, i: [] }), { e: false, f: 0, g: { h: {} }, i: [] });
});

test("a pointer loses its layer where there are layers", () => {
  assert.equal(inMerged(layered, "/user/accounts/mine/server/port"), "/accounts/mine/server/port");
  assert.equal(inMerged({ accounts: {} }, "/user/x"), "/user/x");
});

const proposal = {
  accounts: {
    smtp: { transport: "smtp", auth: { user: "a", password: { secret: "mail/a" } } },
    imap: { transport: "imap", auth: { method: "account", account: "smtp" }, imap: { via: "smtp" } },
  },
  sender: { address: "new@example.com", name: "New" }, send: { account: "smtp", fallback: ["imap"] }, receive: { account: "imap" },
};

test("a proposal brings its accounts under free names, asks for the password, and changes nothing that stands there", () => {
  const before = { accounts: { smtp: { transport: "smtp", auth: { password: { secret: "x" } } } }, sender: { address: "old@example.com" }, send: { account: "smtp" } };
  const [after, name] = adopted(before, proposal);
  assert.equal(name, "smtp-2");
  assert.deepEqual(after.accounts, {
    ...before.accounts,
    "smtp-2": { transport: "smtp", auth: { user: "a" } },
    imap: { transport: "imap", auth: { method: "account", account: "smtp-2" }, imap: { via: "smtp-2" } },
  });
  assert.deepEqual([after.sender, after.send, after.receive], [
    { address: "old@example.com", name: "New" }, { account: "smtp", fallback: ["imap"] }, { account: "imap" }]);
  const [fresh] = adopted({}, proposal);
  assert.deepEqual([fresh.send, fresh.accounts.smtp.auth], [{ account: "smtp", fallback: ["imap"] }, { user: "a" }]);
});

test("in layers a proposal is the company's", () => {
  const [after] = adopted(layered, proposal);
  assert.deepEqual(Object.keys(after.company.accounts), ["own", "smtp", "imap"]);
  assert.deepEqual([after.user, after.workstation, after.company.sender], [layered.user, layered.workstation, undefined]);
});

test("what a migration has moved is told with what became of it", () => {
  const secret = { secret: "postkontor:kept:0" };
  const former = { version: 0, accounts: { a: { transport: "x", x: { old: "h", older: 5, token: secret, stays: true }, y: { gone: "h" } } } };
  const now = { version: 1, accounts: { a: { transport: "x", x: { host: "h", port: 25, password: secret, stays: true }, y: {} } } };
  const expected = [["/accounts/a/x/old", "/accounts/a/x/host"], ["/accounts/a/x/older", undefined], ["/accounts/a/x/token", "/accounts/a/x/password"], ["/accounts/a/y/gone", undefined]];
  assert.deepEqual(moves(former, now), expected);
  assert.deepEqual(moves({ sender: {} }, { version: 1, sender: {} }), []);
});
