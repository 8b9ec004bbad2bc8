// The document that the page edits: loaded, checked after each change, and saved.
import { useCallback, useEffect, useRef, useState } from "react";
import { ask } from "./connection.js";
import { moves } from "./document.js";

// How long typing has to rest before the document is checked.
const REST = 150;

export function useSettings(language) {
  const [file, setFile] = useState(null);
  // What became of a file of an older version: {from, version, moves}.
  const [migrated, setMigrated] = useState(null);
  const [document, setDocument] = useState(null);
  const [checked, setChecked] = useState(null);
  const [failure, setFailure] = useState(null);
  const [isInFile, setInFile] = useState(false);
  const [isConflict, setConflict] = useState(false);
  const saved = useRef("");

  const load = useCallback(async () => {
    try {
      const answer = await ask("document");
      saved.current = JSON.stringify(answer.document);
      setFile({ path: answer.path, language: answer.language });
      setMigrated(answer.migrated ? { ...answer.migrated, moves: moves(answer.migrated.former, answer.document) } : null);
      setDocument(answer.document);
    } catch (error) {
      setFailure(error);
    }
  }, []);
  useEffect(() => void load(), [load]);

  useEffect(() => {
    if (!document || !language) return undefined;
    const own = new AbortController();
    const wait = setTimeout(() => {
      ask("check", { lang: language, document }, own.signal)
        .then(setChecked)
        .catch((error) => own.signal.aborted || setFailure(error));
    }, REST);
    return () => {
      clearTimeout(wait);
      own.abort();
    };
  }, [document, language]);

  const save = useCallback(
    async (overwrite) => {
      setConflict(false);
      try {
        const answer = await ask("save", { lang: language, document, overwrite });
        if (!answer.saved) return setConflict(true);
        saved.current = JSON.stringify(answer.document);
        setMigrated(null);
        setDocument(answer.document);
        setInFile(answer.in_file > 0);
        return setFailure(null);
      } catch (error) {
        return setFailure(error);
      }
    },
    [document, language],
  );

  const isChanged = document !== null && JSON.stringify(document) !== saved.current;
  useEffect(() => {
    if (!isChanged) return undefined;
    const ask = (event) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isChanged]);

  return { file, migrated, document, setDocument, checked, failure, setFailure, isInFile, setInFile, isConflict, setConflict, isChanged, load, save };
}
