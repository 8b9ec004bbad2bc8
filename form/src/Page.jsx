import Box from "@mui/material/Box";
import Link from "@mui/material/Link";
import Stack from "@mui/material/Stack";
import { useEffect, useState } from "react";
import AccountCard from "./AccountCard.jsx";
import AddDialog from "./AddDialog.jsx";
import GeneralCard from "./GeneralCard.jsx";
import Head from "./Head.jsx";
import Notices from "./Notices.jsx";
import Places from "./Places.jsx";
import Summary from "./Summary.jsx";
import Trial from "./Trial.jsx";
import { changed, escaped, inMerged, isObject, merged, patched, tidy } from "./document.js";
import { scopes } from "./fields/schema.js";
import { adopted } from "./proposal.js";
import { Repair } from "./repair.js";
import { useWords } from "./texts.js";

const nowhere = () => undefined;

// Members that every account may have, whatever its transport.
const withoutForeign = (account, schema, transport) => {
  const known = Object.entries(account).filter(([name]) => name in (schema.properties ?? {}));
  return { transport, ...Object.fromEntries(known) };
};

// The page when everything is there: what to set, its form, and what it can be tried with.
export default function Page({ forms, settings, language, onLanguage }) {
  const word = useWords();
  const { document, setDocument, checked } = settings;
  const whole = merged(document);
  const accounts = isObject(whole.accounts) ? whole.accounts : {};
  const names = Object.keys(accounts);
  const [selected, setSelected] = useState(names[0] ?? null);
  const [isAdding, setAdding] = useState(false);
  const [focused, setFocused] = useState(null);
  const id = names.includes(selected) ? selected : null;
  const account = id === null ? null : isObject(accounts[id]) ? accounts[id] : {};
  const transport = forms.transports.find(({ name }) => name === account?.transport);

  // Shows the field that a pointer leads to, whatever it is folded away in.
  const focus = (given) => {
    const pointer = inMerged(document, given);
    const owner = names.find((name) => `${pointer}/`.startsWith(`/accounts/${escaped(name)}/`)) ?? null;
    setSelected(owner);
    setFocused({ pointer, below: owner === null ? pointer : pointer.slice(`/accounts/${escaped(owner)}`.length) });
  };
  useEffect(() => {
    if (!focused) return;
    for (let place = focused.below; place; place = place.slice(0, place.lastIndexOf("/"))) {
      const field = window.document.getElementById(`field${place}`);
      if (!field) continue;
      field.scrollIntoView({ block: "center" });
      field.focus();
      return;
    }
  }, [focused]);

  const pointerOf = (name) => `/accounts/${escaped(name)}`;
  const setAccount = (name, value, form = transport?.form) => {
    const scope = form ? scopes(form.schema) : nowhere;
    setDocument(changed(document, pointerOf(name), value, (below) => (below === "/transport" ? undefined : scope(below))));
  };
  const setTransport = (name) => {
    const form = forms.transports.find((one) => one.name === name)?.form;
    setAccount(id, withoutForeign(account, form?.schema ?? {}, name), form);
  };
  const setGeneral = (value) => setDocument(changed(document, "", value, scopes(forms.general.schema)));
  const add = (name, kind) => {
    setDocument(changed(document, pointerOf(name), { transport: kind }, nowhere));
    setSelected(name);
    setAdding(false);
  };
  const take = (proposal) => {
    const [next, name] = adopted(document, proposal);
    setDocument(next);
    setSelected(name);
    setAdding(false);
  };
  const remove = () => setDocument(changed(document, pointerOf(id), undefined, nowhere));
  const repair = (patch) => setDocument((current) => tidy(patched(current, patch)) ?? {});

  const problems = (checked?.problems ?? []).map((problem) => ({ ...problem, pointer: inMerged(document, problem.pointer) }));
  const errors = problems.filter(({ severity }) => severity !== "warning");
  const belongs = (pointer, name) => (name === null ? !pointer.startsWith("/accounts/") : `${pointer}/`.startsWith(`${pointerOf(name)}/`));
  const countOf = (name) => errors.filter(({ pointer }) => belongs(pointer, name)).length;
  const shared = { document, checked, accounts: names, focused: focused?.pointer };

  return (
    <Repair value={repair}>
      <Head path={settings.file.path} language={language} isChanged={settings.isChanged || settings.migrated !== null} onLanguage={onLanguage} onSave={() => settings.save(false)} />
      <Box
        component="main"
        sx={{
          maxWidth: 1400, mx: "auto", p: { xs: 1.5, sm: 3 }, display: "grid", gap: { xs: 1.5, sm: 3 },
          gridTemplateColumns: { xs: "minmax(0, 1fr)", md: "220px minmax(0, 1fr)", lg: "220px minmax(0, 1fr) minmax(0, 380px)" },
        }}
      >
        <Notices settings={settings} forms={forms} />
        <Places accounts={accounts} forms={forms} selected={id} countOf={countOf} onSelect={setSelected} onAdd={() => setAdding(true)} />
        {id === null ? (
          <GeneralCard title={word("general")} form={forms.general} data={whole} onChange={setGeneral} {...shared} />
        ) : (
          <AccountCard
            key={id} id={id} forms={forms} account={account} onTransport={setTransport} onRemove={remove}
            onChange={(value) => setAccount(id, value)} {...shared}
          />
        )}
        <Stack sx={{ gridColumn: { md: "2", lg: "3" }, minWidth: 0, gap: { xs: 1.5, sm: 3 }, alignSelf: "start", position: { lg: "sticky" }, top: { lg: 88 } }}>
          {id !== null && (
            <Trial
              operations={transport?.operations ?? []}
              hasConsent={["device_code", "authorization_code"].includes(account?.auth?.oauth2?.grant)}
              account={id} document={document} onFocus={focus}
            />
          )}
          <Summary problems={problems.filter(({ pointer }) => belongs(pointer, id))} onFocus={focus} />
        </Stack>
      </Box>
      <Box component="footer" sx={{ textAlign: "center", pb: 2 }}>
        <Link href="licences.txt" target="_blank" rel="noopener" variant="caption" color="textSecondary">{word("licences")}</Link>
      </Box>
      {/* Gone at once: while a dialog fades it is hidden from assistive technology and would still hold the focus. */}
      {isAdding && <AddDialog forms={forms} taken={names} onClose={() => setAdding(false)} onAdd={add} onProposal={take} />}
    </Repair>
  );
}
