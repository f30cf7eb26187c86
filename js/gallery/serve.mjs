// Builds the gallery and serves it: `npm run gallery`, or `npm run gallery -- --out folder`.
import { copyFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, context } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const at = process.argv.indexOf("--out");
const outdir = at > 0 ? process.argv[at + 1] : join(here, "built");
mkdirSync(outdir, { recursive: true });
copyFileSync(join(here, "index.html"), join(outdir, "index.html"));

const options = {
  entryPoints: { gallery: join(here, "gallery.ts"), "gallery-page": join(here, "gallery.css") },
  outdir,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  sourcemap: "inline",
};

if (at > 0) await build(options);
else {
  const built = await context(options);
  const { hosts, port } = await built.serve({ servedir: outdir, host: "127.0.0.1" });
  console.log(`http://${hosts?.[0] ?? "127.0.0.1"}:${port}/`);
}
