//! Keeps what was typed into `form[data-draft=NAME]` in this tab, until the form was sent and the server took it.
//! Values that came from the server win. Passwords, hidden fields and files are never kept.

const SKIPPED = new Set(["password", "hidden", "file", "submit", "image", "button"]);

export function drafts() {
  forgetSent();
  for (const form of document.querySelectorAll("form[data-draft]")) {
    restore(form);
    let timer;
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => save(form), 300);
    });
    form.addEventListener("submit", () => {
      save(form);
      keep(SENT, form.dataset.draft);
    });
  }
}

const SENT = "draft-sent";

// The page after sending: a redirect to a page without errors means the server has it. After a lost connection people
// come back by reload, by the back button or by typing the address, and find their words.
function forgetSent() {
  const name = sessionStorage.getItem(SENT);
  if (!name) return;
  sessionStorage.removeItem(SENT);
  const arrived = performance.getEntriesByType("navigation")[0]?.type === "navigate" && document.referrer !== "";
  if (arrived && !document.querySelector(".error-summary, .error-page")) sessionStorage.removeItem(key(name));
}

function keep(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // A full or forbidden store only costs the comfort.
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
  keep(key(form.dataset.draft), JSON.stringify(values));
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
