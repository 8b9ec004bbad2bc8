// What the pages of all generators have in common: working a form as a person does, and reading what it shows.

window.settled = () => new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done, 30)), 0));

// Types into a field so that React hears it.
window.type = async (pointer, text) => {
  const field = window.find(pointer);
  const prototype = field.tagName === "TEXTAREA" ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
  field.focus();
  Object.getOwnPropertyDescriptor(prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.blur();
  await window.settled();
};

const isSeen = window.isSeen = (element) => element && !element.closest("[hidden]") && element.getClientRects().length > 0;

// What stands in the field of each pointer: {kind, value, help}; nothing where it does not show.
window.shown = (pointers) => {
  const found = {};
  for (const pointer of pointers) {
    const field = window.find(pointer);
    if (!isSeen(field)) continue;
    const help = window.help(pointer);
    if (field.type === "radio") {
      const chosen = field.closest("[data-radios], fieldset, .radio")?.querySelector("input:checked");
      found[pointer] = { kind: "choice", value: chosen ? chosen.closest("label, div").textContent : "", help };
    } else if (field.tagName === "SELECT") {
      const option = field.options[field.selectedIndex];
      found[pointer] = { kind: "choice", value: option ? option.label || option.textContent : "", help };
    } else if (field.type === "checkbox") {
      found[pointer] = { kind: "box", value: field.checked, help };
    } else {
      found[pointer] = { kind: field.getAttribute("role") === "combobox" ? "choice" : "text", value: field.value || field.placeholder || "", help };
    }
  }
  return found;
};

// The pointers of the fields that can be seen; a secret shows as its text or as the name under which it is kept.
window.seen = (pointers) => pointers.filter((pointer) => isSeen(window.find(pointer)) || isSeen(window.find(`${pointer}/secret`)));
