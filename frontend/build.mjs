//! Builds everything a browser gets: style sheets, fonts, icons and scripts, hashed and compressed, and the table `assets.rs`
//! that the web crate includes. It is no dev server and no bundler of its own. Invariant: same input, same bytes, and nothing
//! is written outside the folder given as the argument.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build as esbuild } from "esbuild";
import { bundleAsync } from "lightningcss";

const root = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(root, "dist"));
const packages = createRequire(import.meta.url);
const targets = { chrome: 111 << 16, firefox: 113 << 16, safari: (15 << 16) | (4 << 8) };
const assets = [];

/** Files a browser asks for by name get the hash into the name, so that they may be cached for ever. */
function add(name, mime, content, compress) {
  const raw = Buffer.from(content);
  const hash = createHash("sha256").update(raw).digest("hex").slice(0, 8);
  const dot = name.lastIndexOf(".");
  const path = `${name.slice(0, dot)}.${hash}${name.slice(dot)}`;
  write(path, raw);
  if (compress) {
    write(`${path}.br`, brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length } }));
    write(`${path}.gz`, gzipSync(raw, { level: 9 }));
  }
  assets.push({ name, path, mime, compress });
  return path;
}

function write(path, bytes) {
  writeFileSync(join(out, "files", path), bytes);
}

function text(...parts) {
  return readFileSync(join(root, ...parts), "utf8");
}

/** KERN's tokens, cut to the ones our sheets use, directly or through another token. Its files stay as the package ships them. */
function kernTokens() {
  const source = readFileSync(packages.resolve("@kern-ux/native/dist/kern.css"), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  const declared = new Map();
  for (const block of source.matchAll(/^:root\s*\{([^{}]*)\}/gm)) {
    for (const [, name, value] of block[1].matchAll(/(--kern-[\w-]+):\s*([^;]+);/g)) declared.set(name, value.trim());
  }
  const kept = new Map();
  const follow = (css) => {
    for (const [, name] of css.matchAll(/var\((--kern-[\w-]+)/g)) {
      if (kept.has(name)) continue;
      if (!declared.has(name)) throw new Error(`KERN has no token ${name}`);
      kept.set(name, declared.get(name));
      follow(declared.get(name));
    }
  };
  for (const file of readdirSync(join(root, "css"))) follow(text("css", file));
  const lines = [...kept].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => `${name}: ${value};`);
  return `/*! Tokens of KERN UX 2.7.2, EUPL-1.2 */ :root { ${lines.join(" ")} }`;
}

function read(file) {
  if (file.endsWith("kern.css")) return kernTokens();
  const css = readFileSync(file, "utf8");
  // Leaflet's default pictures: we draw our own pins and show no layer switch, so their files are not shipped.
  return file.endsWith("leaflet.css") ? css.replace(/[^{}]*\{[^{}]*url\(images[^{}]*\}/g, "") : css;
}

async function sheet(name, entry, fonts) {
  const { code } = await bundleAsync({
    filename: join(root, "css", entry),
    minify: true,
    targets,
    resolver: { read, resolve: (specifier, from) => (specifier.startsWith(".") ? join(dirname(from), specifier) : packages.resolve(specifier)) },
  });
  const linked = code.toString().replace(/url\("?([\w-]+\.woff2)"?\)/g, (_, file) => `url(${fonts[file]})`);
  add(name, "text/css; charset=utf-8", linked, true);
}

/** One symbol per line of icons.txt; a page uses it by `<use href="…#name">`. */
function sprite() {
  const names = text("icons.txt").split("\n").filter(Boolean);
  const symbols = names.map((name) => {
    const svg = readFileSync(packages.resolve(`lucide-static/icons/${name}.svg`), "utf8");
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s+/g, " ").replace(/> </g, "><").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  });
  add("icons.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg"><!-- Lucide 1.62.0, ISC licence -->${symbols.join("")}</svg>`, true);
}

async function scripts() {
  const result = await esbuild({
    entryPoints: ["kern", "karte", "arbeit"].map((name) => join(root, "js", `${name}.mjs`)),
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    legalComments: "inline",
    target: ["chrome111", "firefox113", "safari15.4"],
    outdir: out,
    logLevel: "error",
  });
  for (const file of result.outputFiles) add(file.path.slice(file.path.lastIndexOf("/") + 1).replace(/\.mjs$/, ".js"), "text/javascript; charset=utf-8", file.contents, true);
}

/** The table the web crate includes. Paths are relative to the table itself, so a prebuilt folder may lie anywhere. */
function table() {
  const lines = assets.sort((a, b) => (a.name < b.name ? -1 : 1)).map(({ name, path, mime, compress }) => {
    const packed = (ending) => (compress ? `include_bytes!("files/${path}.${ending}")` : "&[]");
    return `    Asset { name: "${name}", path: "${path}", mime: "${mime}", raw: include_bytes!("files/${path}"), br: ${packed("br")}, gz: ${packed("gz")} },`;
  });
  writeFileSync(join(out, "assets.rs"), `/// Written by frontend/build.mjs, sorted by name.\npub static ASSETS: &[Asset] = &[\n${lines.join("\n")}\n];\n`);
  writeFileSync(join(out, "assets.json"), `${JSON.stringify(Object.fromEntries(assets.map(({ name, path }) => [name, path])), null, 1)}\n`);
}

/** The budgets of a first view; growing past one is a decision, not an accident. Kilobytes as they travel. */
function budgets() {
  const limits = { "stadtplatz.css": ["br", 25], "kern.js": ["gz", 28], "karte.js": ["gz", 46], "arbeit.js": ["gz", 6], "icons.svg": ["br", 8] };
  for (const { name, path } of assets) {
    const [packed, limit] = limits[name] ?? [];
    if (!packed) continue;
    const size = readFileSync(join(out, "files", `${path}.${packed}`)).length / 1024;
    if (size > limit) throw new Error(`${name} is ${size.toFixed(1)} kB (${packed}), its budget is ${limit} kB`);
  }
}

rmSync(out, { recursive: true, force: true });
mkdirSync(join(out, "files"), { recursive: true });
const fonts = {};
for (const file of readdirSync(join(root, "fonts")).filter((file) => file.endsWith(".woff2")).sort()) {
  fonts[file] = add(file, "font/woff2", readFileSync(join(root, "fonts", file)), false);
}
add("favicon.svg", "image/svg+xml", text("images", "favicon.svg"), true);
sprite();
await sheet("stadtplatz.css", "stadtplatz.css", fonts);
await sheet("karte.css", "map.css", fonts);
await scripts();
budgets();
table();
