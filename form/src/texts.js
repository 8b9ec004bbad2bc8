// The page's own words. Those of fields, problems and steps come from the library, in the same language.
import { createContext, useContext } from "react";
import de from "./locales/de.json";
import en from "./locales/en.json";
import sl from "./locales/sl.json";

export const LANGUAGES = { en: "English", de: "Deutsch", sl: "Slovenščina" };

const all = { en, de, sl };

export const Language = createContext("en");

export const word = (language, name, args = {}) =>
  (all[language]?.[name] ?? en[name] ?? name).replace(/\{(\w+)\}/g, (_, arg) => args[arg] ?? "");

export function useWords() {
  const language = useContext(Language);
  return (name, args) => word(language, name, args);
}
