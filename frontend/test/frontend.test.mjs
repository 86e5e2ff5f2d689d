//! What a template and the front end must agree on: icon names and class names. Also the little Exif reader, byte by byte.
//! It needs no packages and no build: `node --test frontend/test`.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { apart, cellsOf, middle, weight } from "../js/cells.mjs";
import { positionOf } from "../js/exif.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

function files(folder, ending) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return name === "target" || name === "node_modules" ? [] : files(path, ending);
    return name.endsWith(ending) ? [path] : [];
  });
}

const templates = [...files(join(root, "platform"), ".html"), ...files(join(root, "rooms"), ".html")].filter((path) => path.includes("/templates/"));
const isPage = (path) => !path.includes("/mail/") && !path.includes("/mails/");

test("templates are found", () => {
  assert.ok(templates.some((path) => path.endsWith("platform/web/templates/layout.html")));
});

test("every icon a template names is in the sprite", () => {
  const sprite = new Set(readFileSync(join(root, "frontend/icons.txt"), "utf8").split("\n").filter(Boolean));
  const missing = [];
  for (const path of templates) {
    const text = readFileSync(path, "utf8");
    const calls = [...text.matchAll(/\bicon\("([\w-]+)"\)/g), ...text.matchAll(/icon_tag\("[^"]*",\s*"([\w-]+)"/g), ...text.matchAll(/empty_state\("([\w-]+)"/g)];
    for (const [, name] of calls) if (!sprite.has(name)) missing.push(`${path.slice(root.length)}: ${name}`);
  }
  assert.deepEqual(missing, []);
});

test("icons.txt has no name twice", () => {
  const names = readFileSync(join(root, "frontend/icons.txt"), "utf8").split("\n").filter(Boolean);
  assert.equal(new Set(names).size, names.length);
});

test("every class a template uses has a rule", () => {
  const css = files(join(root, "frontend/css"), ".css").map((path) => readFileSync(path, "utf8")).join("\n");
  const known = new Set([...css.matchAll(/\.([a-z][\w-]*)/g)].map(([, name]) => name));
  const unknown = [];
  for (const path of templates.filter(isPage)) {
    const text = readFileSync(path, "utf8").replace(/\{#[\s\S]*?#\}/g, "").replace(/\{[{%][\s\S]*?[%}]\}/g, " ");
    for (const [, value] of text.matchAll(/\sclass="([^"]*)"/g)) {
      for (const word of value.split(/\s+/).filter(Boolean)) if (!known.has(word)) unknown.push(`${path.slice(root.length)}: ${word}`);
    }
  }
  assert.deepEqual([...new Set(unknown)], []);
});

test("no template carries inline style, script or handlers", () => {
  const found = [];
  for (const path of templates.filter(isPage)) {
    const text = readFileSync(path, "utf8");
    if (/\sstyle="/.test(text) || /<style[\s>]/.test(text) || /\son[a-z]+="/.test(text)) found.push(path.slice(root.length));
    for (const [tag] of text.matchAll(/<script\b[^>]*>/g)) {
      if (!/\ssrc="/.test(tag) && !/type="application\/(ld\+)?json"/.test(tag)) found.push(`${path.slice(root.length)}: ${tag}`);
    }
  }
  assert.deepEqual(found, []);
});

/** A JPEG that is nothing but an Exif block with a position: 49° 58' 48", 11° 34' 30". */
function jpegWithPosition({ south = false, west = false, little = false } = {}) {
  const bytes = new DataView(new ArrayBuffer(220));
  const tiff = 12;
  const u16 = (at, value) => bytes.setUint16(tiff + at, value, little);
  const u32 = (at, value) => bytes.setUint32(tiff + at, value, little);
  bytes.setUint16(0, 0xffd8);
  bytes.setUint16(2, 0xffe1);
  bytes.setUint16(4, 200);
  bytes.setUint32(6, 0x45786966);
  bytes.setUint16(tiff, little ? 0x4949 : 0x4d4d);
  u16(2, 42);
  u32(4, 8);
  u16(8, 1);
  entry(10, 0x8825, 4, 1, 30);
  u16(30, 4);
  entry(32, 1, 2, 2);
  bytes.setUint8(tiff + 40, (south ? "S" : "N").charCodeAt(0));
  entry(44, 2, 5, 3, 100);
  entry(56, 3, 2, 2);
  bytes.setUint8(tiff + 64, (west ? "W" : "E").charCodeAt(0));
  entry(68, 4, 5, 3, 124);
  [49, 58, 48].forEach((value, index) => rational(100 + index * 8, value));
  [11, 34, 30].forEach((value, index) => rational(124 + index * 8, value));
  function entry(at, tag, type, count, value = 0) {
    u16(at, tag);
    u16(at + 2, type);
    u32(at + 4, count);
    u32(at + 8, value);
  }
  function rational(at, value) {
    u32(at, value);
    u32(at + 4, 1);
  }
  return bytes.buffer;
}

test("a photo's position is read in both byte orders and all quarters", () => {
  const near = (found, lat, lon) => {
    assert.ok(Math.abs(found.lat - lat) < 1e-9, `${found.lat}`);
    assert.ok(Math.abs(found.lon - lon) < 1e-9, `${found.lon}`);
  };
  near(positionOf(jpegWithPosition()), 49.98, 11.575);
  near(positionOf(jpegWithPosition({ little: true })), 49.98, 11.575);
  near(positionOf(jpegWithPosition({ south: true, west: true })), -49.98, -11.575);
});

test("what is no JPEG, or is cut anywhere, has no position and throws nothing", () => {
  const whole = jpegWithPosition();
  assert.equal(positionOf(new ArrayBuffer(0)), null);
  assert.equal(positionOf(new TextEncoder().encode("<svg/>").buffer), null);
  for (let length = 0; length < 150; length += 1) assert.equal(positionOf(whole.slice(0, length)), null, `cut at ${length}`);
});

test("a group shows how many things it stands for, not how many marks", () => {
  const entries = [{ lat: 1, lon: 1, count: 30 }, { lat: 2, lon: 2 }, { lat: 90, lon: 90 }];
  const place = ({ lat, lon }) => ({ x: lat, y: lon });
  const cells = [...cellsOf(entries, place, 64).values()];
  assert.deepEqual(cells.map(weight), [31, 1]);
  assert.deepEqual(middle(cells[0]), { lat: 32 / 31, lon: 32 / 31 });
  assert.equal(cellsOf(entries, place, 0).size, 3);
  const beside = cellsOf([{ lat: 63, lon: 1 }, { lat: 65, lon: 1 }, { lat: 200, lon: 1 }], place, 64);
  assert.deepEqual([...apart(beside, place, 64).values()].map(weight), [2, 1]);
});
