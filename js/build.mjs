// Builds the widget: one ES module and one style sheet, read by runwatch.widgets.run_details.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const target = "../widget/runwatch/widgets/static";

await build({
  entryPoints: { widget: "src/widget.ts" },
  outdir: target,
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
});

for (const file of ["widget.js", "widget.css"]) {
  const content = readFileSync(`${target}/${file}`);
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
  console.log(
    `${file}: ${kilobytes(content.length)} kB, ${kilobytes(gzipSync(content).length)} kB gzipped`,
  );
}
