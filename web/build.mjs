// SPDX-License-Identifier: Apache-2.0
// node build.mjs SOURCE_DIR OUTPUT.c DEPFILE: bundles the console, compresses it, and writes it as
// a C source that src/serve/console.h describes. Fails when the whole is over its budget.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const BUDGET = 150 * 1024;
const [source, output, depfile] = process.argv.slice(2);

const bundle = await build({
  absWorkingDir: source,
  entryPoints: { console: "src/main.tsx" },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  outdir: join(source, "never-written"),
  write: false,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
});

const index = join(source, "index.html");
const assets = [["/", "text/html; charset=utf-8", readFileSync(index)]];
for (const file of bundle.outputFiles) {
  const css = file.path.endsWith(".css");
  assets.push([
    css ? "/console.css" : "/console.js",
    css ? "text/css; charset=utf-8" : "text/javascript; charset=utf-8",
    file.contents,
  ]);
}

let total = 0;
let code = '/* Made by web/build.mjs. */\n#include "serve/console.h"\n\n';
const rows = assets.map(([path, type, content], i) => {
  const packed = gzipSync(content, { level: 9 });
  total += packed.length;
  const etag = createHash("sha256").update(content).digest("hex").slice(0, 24);
  code += `static const uint8_t asset_${i}[] = {${packed.join(",")}};\n`;
  return `    {"${path}", "${type}", "\\"${etag}\\"", {asset_${i}, sizeof(asset_${i})}},\n`;
});
code += `const struct console_asset console_assets[] = {\n${rows.join("")}};\n`;
code += `const unsigned console_asset_count = ${rows.length};\n`;
if (total > BUDGET) {
  console.error(`the console is ${total} bytes compressed, its budget is ${BUDGET}`);
  process.exit(1);
}
writeFileSync(output, code);
const inputs = [index, ...Object.keys(bundle.metafile.inputs).map((name) => join(source, name))];
writeFileSync(depfile, `${output}: ${inputs.map((name) => name.replace(/ /g, "\\ ")).join(" ")}\n`);
console.log(`console: ${total} bytes compressed in ${rows.length} files`);
