// Makes one page for each generator: `node bundle.mjs FOLDER`.
import { build } from "esbuild";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const folder = process.argv[2];
const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;

const pages = {
  rjsf5: { entry: "rjsf5/main.js" },
  rjsf6: { entry: "rjsf6/main.js" },
  material: { entry: "jsonforms/main.js", renderers: "jsonforms/material.js" },
  vanilla: { entry: "jsonforms/main.js", renderers: "jsonforms/vanilla.js" },
};

await mkdir(folder, { recursive: true });
await Promise.all(Object.entries(pages).map(async ([name, { entry, renderers }]) => {
  const replaced = { "@mui/icons-material": join(here, "jsonforms/icons.js") };
  if (renderers) replaced.renderers = join(here, renderers);
  await build({
    stdin: { contents: `import "./page.js"; import "./${entry}";`, resolveDir: here },
    bundle: true,
    outfile: join(folder, `${name}.js`),
    define: { "process.env.NODE_ENV": '"production"', global: "window" },
    plugins: [{
      name: "replaced",
      setup: (build) => build.onResolve({ filter: /^(@mui\/icons-material|renderers)$/ }, ({ path }) => ({ path: replaced[path] })),
    }],
    logLevel: "error",
  });
  const page = `<!DOCTYPE html><meta charset="utf-8"><title>${name}</title><body style="font-family: sans-serif; max-width: 50em"><div id="form"></div><script src="${name}.js"></script>`;
  await writeFile(join(folder, `${name}.html`), page);
}));
