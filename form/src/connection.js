// The page's line to the command that serves it.
import { createParser } from "eventsource-parser";

const post = (path, body, signal) =>
  fetch(`api/${path}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });

// Asks something that is answered at once; throws the error that comes in its place.
export async function ask(path, body = {}, signal) {
  const answer = await (await post(path, body, signal)).json();
  if (answer.error) throw answer.error;
  return answer;
}

// Asks for a call that takes time. `hear(event, data)` hears what happens until it ends; the result is that of `done`.
export async function call(body, hear, signal) {
  const response = await post("call", body, signal);
  let outcome;
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event === "done" || event === "error") outcome = { event, data: JSON.parse(data) };
      else hear(event, JSON.parse(data));
    },
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) parser.feed(part.value);
  if (!outcome) throw { code: "page.no_answer" };
  if (outcome.event === "error") throw outcome.data;
  return outcome.data;
}

// Tells the command that the page is there; `lost` is called when the command has ended.
export function stayAlive(lost) {
  const line = new EventSource("api/alive");
  line.onerror = () => {
    line.close();
    lost();
  };
  return () => line.close();
}
