// Judges documents by ajv in strict mode: `node judge.mjs WORK.json RESULT.json`.
//
// WORK is {"schemas": {name: schema}, "documents": [[name, document]]}, RESULT a list by draft of [name, places], one for each document:
// the places where something is wrong.
import { readFile, writeFile } from "node:fs/promises";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";

const [work, result] = process.argv.slice(2);
const { schemas, documents } = JSON.parse(await readFile(work, "utf8"));
const answers = {};
for (const [draft, Kind] of [["draft-07", Ajv], ["2020-12", Ajv2020]]) {
  const ajv = formats(new Kind({ strict: true, allErrors: true, keywords: ["x-postkontor"], logger: false }));
  const judges = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)]));
  answers[draft] = documents.map(([name, document]) => {
    if (judges[name](document)) return [];
    return judges[name].errors.map(({ keyword, instancePath, params }) =>
      keyword === "required" ? `${instancePath}/${params.missingProperty}` : keyword === "propertyNames" ? `${instancePath}/${params.propertyName}` : keyword === "if" ? null : instancePath,
    ).filter((place) => place !== null);
  });
}
await writeFile(result, JSON.stringify(answers));
