//! Photo fields `input[type=file][data-shrink]`: shrinks pictures before they travel, shows them, lets people take one back.
//! What the server would refuse is said at once. The position inside a photo is read before shrinking and only offered.
//! Invariant: a photo the server can read is sent, whatever fails here.

import { positionOf } from "./exif.mjs";
import { place, fieldNamed } from "./position.mjs";

const SIDE_MAX = 2000;
const QUALITY = 0.85;
const BYTES_MAX = 25 * 1024 * 1024;

export function photos() {
  for (const input of document.querySelectorAll("input[type=file][data-shrink]")) new PhotoField(input);
}

class PhotoField {
  constructor(input) {
    this.input = input;
    this.chosen = [];
    this.pending = null;
    this.list = document.querySelector(`[data-previews-of="${CSS.escape(input.id)}"]`);
    this.note = document.querySelector(`[data-note-of="${CSS.escape(input.id)}"]`);
    this.button = this.ownButton();
    input.addEventListener("change", () => this.take([...input.files]));
    this.acceptDrop(input.closest(".file-drop"));
    // Photos still being shrunk hold the form back for the moment they need.
    input.form?.addEventListener("submit", (event) => {
      if (!this.pending) return;
      event.preventDefault();
      this.pending.finally(() => input.form.requestSubmit(event.submitter));
    }, { capture: true });
  }

  /** The browser's own button speaks the browser's language; ours speaks the page's. The input stays the focusable control. */
  ownButton() {
    const label = document.createElement("label");
    label.htmlFor = this.input.id;
    label.className = "button secondary small";
    label.textContent = this.input.dataset.button;
    this.input.classList.add("sr-only");
    this.input.after(label);
    return label;
  }

  acceptDrop(area) {
    if (!area) return;
    const over = (on) => (event) => {
      event.preventDefault();
      area.classList.toggle("over", on);
    };
    area.addEventListener("dragover", over(true));
    area.addEventListener("dragleave", over(false));
    area.addEventListener("drop", (event) => {
      over(false)(event);
      this.take([...event.dataTransfer.files]);
    });
  }

  take(files) {
    const words = this.input.dataset;
    const work = async () => {
      const said = [];
      for (const file of files) {
        if (this.chosen.length >= this.room()) {
          said.push(words.wordMany);
          break;
        }
        const kind = await kindOf(file);
        await this.readPosition(file);
        const photo = await shrink(file, kind);
        if (!photo) said.push(`${file.name}: ${kind === "heic" ? words.wordHeic : words.wordType}`);
        else if (photo.size > BYTES_MAX) said.push(`${file.name}: ${words.wordLarge}`);
        else this.chosen.push(photo);
      }
      this.show();
      if (this.note) this.note.textContent = said.join("\n");
    };
    const pending = (this.pending ?? Promise.resolve()).then(work).finally(() => {
      if (this.pending === pending) this.pending = null;
    });
    this.pending = pending;
  }

  /** How many may be chosen here, besides those the server has already. */
  room() {
    const kept = document.querySelectorAll(`[data-kept-for="${CSS.escape(this.input.id)}"] > li`);
    const staying = [...kept].filter((item) => item.querySelector("input[type=checkbox]")?.checked ?? true);
    return Number(this.input.dataset.max) - staying.length;
  }

  async readPosition(file) {
    const field = fieldNamed(this.input.form, this.input.dataset.exifTarget);
    if (!field || field.value) return;
    const found = positionOf(await file.slice(0, 256 * 1024).arrayBuffer().catch(() => new ArrayBuffer(0)));
    if (!found) return;
    field.value = `${found.lat.toFixed(6)},${found.lon.toFixed(6)}`;
    this.offer(found);
  }

  offer({ lat, lon }) {
    const words = this.input.dataset.usePlace;
    if (!words || !fieldNamed(this.input.form, "lat")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.textContent = words;
    button.addEventListener("click", () => {
      place(this.input.form, lat, lon);
      button.remove();
      this.button.focus();
    });
    this.button.after(button);
  }

  show() {
    const transfer = new DataTransfer();
    for (const file of this.chosen) transfer.items.add(file);
    this.input.files = transfer.files;
    for (const old of this.list.querySelectorAll("img")) URL.revokeObjectURL(old.src);
    this.list.replaceChildren(...this.chosen.map((file, index) => this.preview(file, index)));
  }

  preview(file, index) {
    const item = document.createElement("li");
    const image = document.createElement("img");
    image.alt = file.name;
    image.src = URL.createObjectURL(file);
    const remove = document.createElement("button");
    remove.type = "button";
    remove.setAttribute("aria-label", `${this.input.dataset.remove}: ${file.name}`);
    remove.innerHTML = '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="3" stroke-linecap="round" aria-hidden="true"><path d="M5 5l14 14M19 5L5 19"/></svg>';
    remove.addEventListener("click", () => {
      this.chosen.splice(index, 1);
      this.show();
      this.input.focus();
    });
    item.append(image, remove);
    return item;
  }
}

const READABLE = new Set(["jpeg", "png", "webp"]);

/** By content, as the server does: names and types of files are guesses. */
async function kindOf(file) {
  const bytes = new Uint8Array(await file.slice(0, 12).arrayBuffer().catch(() => new ArrayBuffer(0)));
  const text = String.fromCharCode(...bytes);
  if (text.startsWith("\xff\xd8\xff")) return "jpeg";
  if (text.startsWith("\x89PNG")) return "png";
  if (text.startsWith("RIFF") && text.endsWith("WEBP")) return "webp";
  if (/^....ftyp(hei[cxms]|hev[cx]|mif1|msf1)/s.test(text)) return "heic";
  return "other";
}

/** The photo as it travels; null if neither the server nor this browser can read it. */
async function shrink(file, kind) {
  const untouched = READABLE.has(kind) ? file : null;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = SIDE_MAX / Math.max(picture.width, picture.height);
    if (scale >= 1 && kind === "jpeg") return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * Math.min(scale, 1));
    canvas.height = Math.round(picture.height * Math.min(scale, 1));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
    if (!blob || (untouched && blob.size >= file.size)) return untouched;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" });
  } catch {
    return untouched;
  }
}
