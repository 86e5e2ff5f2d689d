//! Keeps what was typed into `form[data-draft=NAME]` in this tab, until a page says `data-draft-clear=NAME`.
//! Values that came from the server win. Passwords, hidden fields and files are never kept.

const SKIPPED = new Set(["password", "hidden", "file", "submit", "image", "button"]);

export function drafts() {
  for (const done of document.querySelectorAll("[data-draft-clear]")) sessionStorage.removeItem(key(done.dataset.draftClear));
  for (const form of document.querySelectorAll("form[data-draft]")) {
    restore(form);
    let timer;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => save(form), 300);
    });
    form.addEventListener("submit", () => save(form));
  }
}

function key(name) {
  return `draft:${name}`;
}

function fields(form) {
  return [...form.elements].filter((field) => field.name && !SKIPPED.has(field.type) && !("noDraft" in field.dataset));
}

const isChoice = (field) => field.type === "radio" || field.type === "checkbox";

function save(form) {
  const values = {};
  for (const field of fields(form)) {
    if (!isChoice(field)) values[field.name] = field.value;
    else if (field.checked) (values[field.name] ??= []).push(field.value);
  }
  try {
    sessionStorage.setItem(key(form.dataset.draft), JSON.stringify(values));
  } catch {
    // A full or forbidden store only costs the comfort.
  }
}

function restore(form) {
  let values;
  try {
    values = JSON.parse(sessionStorage.getItem(key(form.dataset.draft)) ?? "null");
  } catch {
    return;
  }
  if (!values) return;
  const answered = new Set(fields(form).filter((field) => isChoice(field) && field.checked).map((field) => field.name));
  for (const field of fields(form)) {
    const value = values[field.name];
    if (value === undefined) continue;
    if (isChoice(field)) {
      if (!answered.has(field.name) && Array.isArray(value)) field.checked = value.includes(field.value);
    } else if (field.value === "" && typeof value === "string") {
      field.value = value;
    }
  }
}
