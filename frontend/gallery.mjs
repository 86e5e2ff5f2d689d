//! Shows pages with the built front end for looking and measuring: `node gallery.mjs DIST [PAGES]` serves `gallery.html`, or a folder
//! of pages, on 127.0.0.1:8099 with the site's own content policy. Map tiles are drawn squares. Not shipped, not the product's server.

import { createServer } from "node:http";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const dist = process.argv[2] ?? join(here, "dist");
const pages = process.argv[3] ?? here;
const names = JSON.parse(readFileSync(join(dist, "assets.json"), "utf8"));
const types = { css: "text/css", js: "text/javascript", svg: "image/svg+xml", woff2: "font/woff2", html: "text/html; charset=utf-8" };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'";

function tile(path) {
  const dark = path.includes("/dark/");
  const [x, y] = path.match(/(\d+)\/(\d+)\.png$/)?.slice(1).map(Number) ?? [0, 0];
  const green = (x + y) % 3 === 0 ? (dark ? "#24382e" : "#cfe6c2") : dark ? "#20243a" : "#f4f1ea";
  const road = dark ? "#3a4060" : "#fff";
  return `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><rect width="256" height="256" fill="${green}"/><path d="M0 70h256M120 0v256" stroke="${dark ? "#11131f" : "#d6cdbd"}" stroke-width="26"/><path d="M0 70h256M120 0v256" stroke="${road}" stroke-width="20"/><path d="M20 120h70v50H20zM150 110h80v40h-80zM150 180h50v50h-50z" fill="${dark ? "#2e3450" : "#dfd8ca"}"/></svg>`;
}

createServer((request, response) => {
  const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname));
  const answer = (status, type, body) => response.writeHead(status, { "content-type": type, "content-security-policy": policy }).end(body);
  if (path.startsWith("/karte/")) return answer(200, types.svg, tile(path));
  if (path === "/meldungen/karte") return answer(200, "application/json", '[{"lat":49.98,"lon":11.58,"label":"Kette der Schaukel gerissen, in Arbeit","href":"/m/1","kind":"warn"},{"lat":49.984,"lon":11.586,"label":"Laterne dunkel, neu","href":"/m/2","kind":""},{"lat":49.9842,"lon":11.5862,"label":"Sperrmüll, behoben","href":"/m/3","kind":"ok"}]');
  if (path.startsWith("/arbeit/neu")) return answer(200, "application/json", '{"count":3}');
  const asset = path.match(/^\/static\/(.+)$/)?.[1] ?? path.slice(1);
  const file = names[asset] ? join(dist, "files", names[asset]) : path.startsWith("/static/") ? join(dist, "files", asset) : join(pages, path === "/" ? "gallery.html" : path);
  if (!existsSync(file)) return answer(404, "text/plain", "not here");
  return answer(200, types[file.slice(file.lastIndexOf(".") + 1)] ?? "application/octet-stream", readFileSync(file));
}).listen(8099, "127.0.0.1");
