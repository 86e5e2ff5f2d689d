// Texts that would like to be scripts, and the places they hide in: a photo's metadata, a letter's heads and halves. Each
// payload says where it was put, so that a complaint names the field that let it through.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** What stands in every payload and nowhere else. */
export const MARK = 'alert(';

/** Ends an attribute in either quotes, a comment and a script, and begins elements that act by themselves. */
export const script = (where) => `'"--></script></title><script>alert('${where}')</script><img src=x onerror=alert('${where}')>`;

/** Every file below a folder whose name ends so. */
export function filesBelow(folder, ending = '') {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.filter(({ name }) => name.endsWith(ending)).map((entry) => join(entry.parentPath, entry.name));
}

/** What of a payload or of its hiding place is left in these bytes. */
export function leftIn(bytes) {
  const signs = [MARK, Buffer.from(MARK, 'utf16le'), '<script', 'Exif\0', 'http://ns.adobe.com', 'Photoshop 3.0'];
  return signs.filter((sign) => bytes.includes(sign)).map(String);
}

const u16 = (...values) => Buffer.from(new Uint16Array(values).buffer);
const u32 = (...values) => Buffer.from(new Uint32Array(values).buffer);
const ASCII = 2;
const SHORT = 3;
const LONG = 4;
const RATIONAL = 5;
const BYTES = 7;

const ascii = (tag, text) => [tag, ASCII, Buffer.from(`${text}\0`)];
const bytes = (tag, text) => [tag, BYTES, Buffer.from(text)];
const comment = (tag, text) => bytes(tag, `ASCII\0\0\0${text}`);
const rational = (tag, ...parts) => [tag, RATIONAL, u32(...parts.flatMap((part) => [Math.round(part * 1000), 1000]))];
const UNIT = { [ASCII]: 1, [SHORT]: 2, [LONG]: 4, [RATIONAL]: 8, [BYTES]: 1 };

/** One directory of a TIFF in little endian, with its longer values behind it. */
function directory(at, fields) {
  const head = [u16(fields.length)];
  const behind = [];
  let next = at + 2 + fields.length * 12 + 4;
  for (const [tag, kind, value] of fields) {
    head.push(u16(tag, kind), u32(value.length / UNIT[kind]));
    if (value.length <= 4) {
      head.push(Buffer.concat([value, Buffer.alloc(4 - value.length)]));
      continue;
    }
    const even = Buffer.concat([value, Buffer.alloc(value.length % 2)]);
    head.push(u32(next));
    behind.push(even);
    next += even.length;
  }
  return Buffer.concat([...head, u32(0), ...behind]);
}

/** Three directories: picture, camera, position. */
function exif({ lat, lon }) {
  const camera = [
    bytes(0x9000, '0230'), comment(0x9286, script('UserComment')),
    ascii(0xA430, script('CameraOwnerName')), ascii(0xA434, script('LensModel')),
  ];
  const minutes = (degrees) => [Math.floor(degrees), (degrees % 1) * 60, 0];
  const position = [
    ascii(1, 'N'), rational(2, ...minutes(lat)), ascii(3, 'E'), rational(4, ...minutes(lon)),
    ascii(0x12, script('GPSMapDatum')), comment(0x1B, script('GPSProcessingMethod')), comment(0x1C, script('GPSAreaInformation')),
  ];
  const picture = (camera, position) => directory(8, [
    ascii(0x10E, script('ImageDescription')), ascii(0x10F, script('Make')), ascii(0x110, script('Model')),
    [0x112, SHORT, u16(1)],
    ascii(0x131, script('Software')), ascii(0x13B, script('Artist')), ascii(0x8298, script('Copyright')),
    [0x8769, LONG, u32(camera)], [0x8825, LONG, u32(position)],
    [0x9C9B, BYTES, Buffer.from(`${script('XPTitle')}\0`, 'utf16le')], [0x9C9C, BYTES, Buffer.from(`${script('XPComment')}\0`, 'utf16le')],
  ]);
  // Where the second and third begin depends on the length of the first, and not on what it says.
  const cameraAt = 8 + picture(0, 0).length;
  const positionAt = cameraAt + directory(cameraAt, camera).length;
  return Buffer.concat([
    Buffer.from('II*\0'), u32(8), picture(cameraAt, positionAt), directory(cameraAt, camera), directory(positionAt, position),
  ]);
}

function segment(marker, ...content) {
  const whole = Buffer.concat(content.map((part) => Buffer.from(part)));
  const length = Buffer.alloc(2);
  length.writeUInt16BE(whole.length + 2);
  return Buffer.concat([Buffer.from([0xFF, marker]), length, whole]);
}

/** The caption of a picture agency (IPTC 2:120) in Photoshop's block. */
function iptc(text) {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(text.length);
  const record = Buffer.concat([Buffer.from([0x1C, 2, 120]), size, Buffer.from(text)]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(record.length);
  return Buffer.concat([Buffer.from('Photoshop 3.0\x008BIM\x04\x04\0\0'), length, record, Buffer.alloc(record.length % 2)]);
}

/** The photo as a JPEG that says payloads wherever one can say something: EXIF, XMP, IPTC, comment, name, and behind its end. */
export function loaded(photo, at) {
  const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:title>${script('XMP')}</dc:title></x:xmpmeta>`;
  const buffer = Buffer.concat([
    photo.buffer.subarray(0, 2),
    segment(0xE1, 'Exif\0\0', exif(at)),
    segment(0xE1, 'http://ns.adobe.com/xap/1.0/\0', xmp),
    segment(0xED, iptc(script('IPTC'))),
    segment(0xFE, script('Comment')),
    photo.buffer.subarray(2),
    Buffer.from(`<!DOCTYPE html><body>${script('behind the end')}`),
  ]);
  return { name: `${script('file name').replaceAll('/', '∕')}.jpg`, mimeType: 'image/jpeg', buffer };
}

const unfolded = (head) => head.replace(/\r\n[ \t]/g, ' ').split('\r\n');

const quotedPrintable = (text) => Buffer.from(
  text.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))), 'latin1').toString();

/** Words of a head beyond ASCII (RFC 2047). What stands between two of them is not part of the text. */
const decoded = (text) => text.replace(/\?=\s+=\?/g, '?==?').replace(/=\?utf-8\?b\?([^?]*)\?=/gi,
  (_, packed) => Buffer.from(packed, 'base64').toString('latin1')).replace(/[\x80-\xFF]+/g, (raw) => Buffer.from(raw, 'latin1').toString());

/** A letter as a mail server would get it: its heads in their order, and both halves. */
export function letter(raw) {
  const text = raw.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const heads = unfolded(text.slice(0, end)).map((line) => [line.slice(0, line.indexOf(':')), decoded(line.slice(line.indexOf(':') + 1).trim())]);
  const boundary = heads.find(([name]) => name === 'Content-Type')[1].match(/boundary="([^"]+)"/)[1];
  const parts = text.slice(end).split(`--${boundary}`).slice(1, -1).map((part) => {
    const at = part.indexOf('\r\n\r\n');
    return { heads: part.slice(0, at), content: quotedPrintable(part.slice(at + 4)) };
  });
  const half = (kind) => parts.find(({ heads }) => heads.includes(kind)).content;
  return { heads, parts: parts.length, text: half('text/plain'), html: half('text/html'), head: (name) => heads.find(([known]) => known === name)?.[1] };
}
