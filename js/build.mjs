// Builds the browser half: the widget, which runwatch.widgets.run_details reads, and the extension
// of JupyterLab. Both are made of the same sources, and each has all that it needs in it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const target = "../widget/runwatch/widgets/static";

const options = {
  bundle: true,
  format: "esm",
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  legalComments: "none",
  logLevel: "warning",
};

await build({ ...options, entryPoints: { widget: "src/widget.ts" }, outdir: target });

for (const file of ["widget.js", "widget.css"]) {
  const content = readFileSync(`${target}/${file}`);
  const kilobytes = (bytes) => (bytes / 1000).toFixed(1);
  console.log(
    `${file}: ${kilobytes(content.length)} kB, ${kilobytes(gzipSync(content).length)} kB gzipped`,
  );
}

// What JupyterLab has is its own; jupyter-builder makes of lib what JupyterLab loads.
await build({
  ...options,
  entryPoints: { lab: "src/lab/index.ts" },
  outdir: "lib",
  external: ["@jupyterlab/*", "@lumino/*"],
});
execFileSync("jupyter-builder", ["build", "."], { stdio: "pipe" });
