import { createContext } from "react";

// Applies a patch to the document.
export const Repair = createContext(() => {});
