// A call that takes time, with what was heard of it so far.
import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { call } from "./connection.js";

const quiet = { isRunning: false, heard: [], result: null, error: null };

export function useCall() {
  const [state, setState] = useState(quiet);
  const current = useRef(null);
  const cancel = useCallback(() => {
    current.current?.abort();
    current.current = null;
    setState(quiet);
  }, []);
  // A part of the page that goes away takes its call with it.
  useEffect(() => () => current.current?.abort(), []);
  const run = useCallback(async (body) => {
    current.current?.abort();
    const own = new AbortController();
    current.current = own;
    const set = (change) => current.current === own && setState(change);
    setState({ ...quiet, isRunning: true });
    try {
      // Each event is drawn as it comes, also where several come at once.
      const hear = (event, data) => flushSync(() => set((state) => ({ ...state, heard: [...state.heard, { event, data }] })));
      const result = await call(body, hear, own.signal);
      set((state) => ({ ...state, isRunning: false, result }));
    } catch (error) {
      if (!own.signal.aborted) set((state) => ({ ...state, isRunning: false, error }));
    }
  }, []);
  return { ...state, run, cancel };
}
