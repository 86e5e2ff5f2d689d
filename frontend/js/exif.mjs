//! Reads the position out of a JPEG's Exif block, and nothing else. It is no general Exif reader.
//! Invariant: any malformed byte ends in `null`, never in an exception for the caller.

const EXIF = 0x45786966;

/** `{ lat, lon }` in degrees or `null`. */
export function positionOf(buffer) {
  try {
    const view = new DataView(buffer);
    const tiff = exifStart(view);
    return tiff === null ? null : gps(view, tiff);
  } catch {
    return null;
  }
}

function exifStart(view) {
  if (view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at < view.byteLength) {
    const marker = view.getUint16(at);
    if (marker === 0xffe1 && view.getUint32(at + 4) === EXIF) return at + 10;
    if (marker < 0xff00 || marker === 0xffda) return null;
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function gps(view, tiff) {
  const little = view.getUint16(tiff) === 0x4949;
  const u16 = (at) => view.getUint16(at, little);
  const u32 = (at) => view.getUint32(at, little);
  const entries = (at) => {
    const found = new Map();
    for (let index = 0; index < u16(at); index += 1) {
      const entry = at + 2 + index * 12;
      found.set(u16(entry), entry + 8);
    }
    return found;
  };
  const pointer = entries(tiff + u32(tiff + 4)).get(0x8825);
  if (pointer === undefined) return null;
  const tags = entries(tiff + u32(pointer));
  const degrees = (tag) => {
    const at = tiff + u32(tags.get(tag));
    const part = (index) => u32(at + index * 8) / u32(at + index * 8 + 4);
    return part(0) + part(1) / 60 + part(2) / 3600;
  };
  const letter = (tag) => String.fromCharCode(view.getUint8(tags.get(tag)));
  const lat = degrees(2) * (letter(1) === "S" ? -1 : 1);
  const lon = degrees(4) * (letter(3) === "W" ? -1 : 1);
  const valid = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  return valid ? { lat, lon } : null;
}
