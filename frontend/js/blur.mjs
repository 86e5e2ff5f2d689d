//! Boxes over faces and number plates. The number fields are what is sent; drawing on the picture only fills them.
//! It does not blur: the server does that on the stored picture, in percent of width and height.

export function blurEditors() {
  for (const editor of document.querySelectorAll("[data-blur-editor]")) new BlurEditor(editor);
}

class BlurEditor {
  constructor(editor) {
    this.list = editor.querySelector(".blur-boxes");
    this.pattern = this.list?.querySelector("li");
    const image = editor.querySelector("img");
    if (!this.pattern || !image) return;
    this.stage = document.createElement("div");
    this.stage.className = "blur-stage";
    image.before(this.stage);
    this.stage.append(image);
    image.draggable = false;
    for (const row of this.list.children) this.equip(row);
    editor.addEventListener("input", () => this.paint());
    this.stage.addEventListener("pointerdown", (event) => this.drawBox(event));
    this.paint();
  }

  percent(event) {
    const { left, top, width, height } = this.stage.getBoundingClientRect();
    const within = (value) => Math.round(Math.max(0, Math.min(100, value * 100)) * 10) / 10;
    return { x: within((event.clientX - left) / width), y: within((event.clientY - top) / height) };
  }

  drawBox(event) {
    event.preventDefault();
    const start = this.percent(event);
    const row = this.emptyRow();
    this.stage.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const now = this.percent(moved);
      this.set(row, { x: Math.min(start.x, now.x), y: Math.min(start.y, now.y), w: Math.abs(now.x - start.x), h: Math.abs(now.y - start.y) });
    };
    const end = () => {
      this.stage.removeEventListener("pointermove", move);
      const { w, h } = this.read(row);
      if (w < 1 || h < 1) this.clear(row);
    };
    this.stage.addEventListener("pointermove", move);
    this.stage.addEventListener("pointerup", end, { once: true });
    this.stage.addEventListener("pointercancel", end, { once: true });
  }

  emptyRow() {
    const free = [...this.list.children].find((row) => !(this.read(row).w > 0));
    if (free) return free;
    const row = this.pattern.cloneNode(true);
    row.querySelector("[data-remove-box]")?.remove();
    this.list.append(row);
    this.equip(row);
    this.clear(row);
    return row;
  }

  equip(row) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet small";
    button.dataset.removeBox = "";
    button.textContent = "Entfernen";
    button.addEventListener("click", () => (this.list.children.length > 1 ? (row.remove(), this.paint()) : this.clear(row)));
    row.append(button);
  }

  field(row, name) {
    return row.querySelector(`input[name^="${name}-"]`);
  }

  read(row) {
    return Object.fromEntries(["x", "y", "w", "h"].map((name) => [name, Number.parseFloat(this.field(row, name)?.value.replace(",", ".") ?? "")]));
  }

  set(row, box) {
    // Its button takes it away again.
    this.list.closest("details")?.setAttribute("open", "");
    for (const [name, value] of Object.entries(box)) {
      const field = this.field(row, name);
      if (field) field.value = String(Math.round(value * 10) / 10);
    }
    this.paint();
  }

  clear(row) {
    for (const field of row.querySelectorAll("input")) field.value = "";
    this.paint();
  }

  paint() {
    for (const old of this.stage.querySelectorAll("i")) old.remove();
    for (const row of this.list.children) {
      const { x, y, w, h } = this.read(row);
      if (!(w > 0 && h > 0)) continue;
      const box = document.createElement("i");
      Object.assign(box.style, { left: `${x}%`, top: `${y}%`, width: `${w}%`, height: `${h}%` });
      this.stage.append(box);
    }
  }
}
