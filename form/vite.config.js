import react from "@vitejs/plugin-react";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import license from "rollup-plugin-license";
import { defineConfig } from "vite";

const here = import.meta.dirname;

// Of a package that names this licence and brings no text of it.
const mit = (author) => `MIT License

Copyright (c) ${author}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`;

// The licences of what is in the bundle, each text once, in an order that does not depend on the bundler.
function licences(packages) {
  const names = new Map();
  for (const { name, version, license: kind, licenseText, author } of packages) {
    const text = licenseText?.trim() || (kind === "MIT" ? mit(author?.name ?? name) : undefined);
    if (!text) throw new Error(`${name} brings no text of its licence ${kind}`);
    names.set(text, [...(names.get(text) ?? []), `${name} ${version} (${kind})`].sort());
  }
  const parts = [...names].map(([text, holders]) => `${holders.join("\n")}\n\n${text}\n`).sort();
  return `The page is made of these packages. Their licences ask for the texts below to go along with every copy.\n\n${parts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

// What the bundle is made of, as one digest: a test compares it without any npm.
const SOURCES = ["index.html", "package-lock.json", "package.json", "public", "src", "vite.config.js"];

function files(path) {
  const below = (entry) => (entry.isDirectory() ? files(`${path}/${entry.name}`) : [`${path}/${entry.name}`]);
  return /\.\w+$/.test(path) ? [path] : readdirSync(join(here, path), { withFileTypes: true }).flatMap(below);
}

// Modules that the generator and its theme bring along and no schema of ours needs, by their files: each has one component to export. Those of
// the generator's own look are replaced by the theme's, or by ours.
const NEEDLESS = new RegExp(
  [
    String.raw`@rjsf/core/lib/components/fields/(CyclicSchemaField|LayoutGridField|LayoutHeaderField|LayoutMultiSchemaField|OptionalDataControlsField)\.js$`,
    String.raw`@rjsf/core/lib/components/templates/(ArrayField(Item)?Template|BaseInputTemplate|CyclicSchemaExpandTemplate|DescriptionField|ErrorList|FieldErrorTemplate|FieldHelpTemplate|GridTemplate|MultiSchemaFieldTemplate|ObjectFieldTemplate|OptionalDataControlsTemplate|TitleField|WrapIfAdditionalTemplate)\.js$`,
    String.raw`@rjsf/core/lib/components/templates/FieldTemplate/index\.js$`,
    String.raw`@rjsf/core/lib/components/widgets/(AltDate|AltDateTime|Checkbox|Checkboxes|File|Radio|Range|Rating|Select|Textarea)Widget\.js$`,
    String.raw`@rjsf/mui/lib/(CheckboxesWidget/CheckboxesWidget|CyclicSchemaExpandTemplate/CyclicSchemaExpandTemplate|ErrorList/ErrorList|OptionalDataControlsTemplate/OptionalDataControlsTemplate|RadioWidget/RadioWidget|RangeWidget/RangeWidget|SubmitButton/SubmitButton)\.js$`,
  ].join("|"),
);

const needless = {
  name: "needless",
  load: (id) => (NEEDLESS.test(id) ? "export default () => null;" : null),
};

const stamp = {
  name: "stamp",
  closeBundle() {
    const hash = createHash("sha256");
    for (const path of SOURCES.flatMap(files).sort()) hash.update(`${path}\0`).update(readFileSync(join(here, path))).update("\0");
    writeFileSync(join(here, "dist/sources.sha256"), `${hash.digest("hex")}\n`);
  },
};

export default defineConfig({
  base: "./",
  plugins: [react(), needless, stamp],
  resolve: {
    // What the generator and its theme bring along, and no schema of ours needs.
    alias: [
      { find: /^@mui\/icons-material\/(\w+)$/, replacement: join(here, "src/instead/icons/$1.jsx") },
      // A theme of one look at a time needs no variables of CSS.
      { find: /^\.\/(ThemeProviderWithVars|createThemeWithVars)\.mjs$/, replacement: join(here, "src/instead/variables.js") },
      { find: "@mui/material/Slider", replacement: join(here, "src/instead/nothing.js") },
      { find: "@rjsf/validator-ajv8", replacement: join(here, "src/validator.js") },
      { find: "fast-uri", replacement: join(here, "src/instead/uri.js") },
      { find: "markdown-to-jsx/react", replacement: join(here, "src/instead/markdown.js") },
    ],
  },
  build: {
    modulePreload: false,
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 800,
    rollupOptions: {
      output: { entryFileNames: "app.js", assetFileNames: "[name][extname]", codeSplitting: false },
      plugins: [license({ thirdParty: { output: { file: join(here, "dist/licences.txt"), template: licences } } })],
    },
  },
});
