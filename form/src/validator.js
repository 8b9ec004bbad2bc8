// What decides which fields show under which conditions. The usual validator makes code of a schema while it runs, which the page's policy
// forbids; this one reads it. What is wrong with the data is said by the library's check, not here.
import { validate } from "@cfworker/json-schema";

// A field that was cleared is undefined until the form is tidy, which the validator does not take.
const plain = (data) => (data === undefined ? {} : JSON.parse(JSON.stringify(data)));

const nothing = { errors: [], errorSchema: {} };

export default {
  validateFormData: () => nothing,
  isValid: (schema, data) => (typeof schema === "boolean" ? schema : validate(plain(data), schema, "2020-12").valid),
  rawValidation: () => ({ errors: [] }),
};
