import { createContext, useContext } from "react";

// What the fields of a form ask about themselves: their problems, their layers, the accounts that they may name.
export const Facts = createContext(null);

export const useFacts = () => useContext(Facts);
