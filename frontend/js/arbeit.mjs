//! Keys for the desk. Every key presses something that is also visible as a link, button or field; none has a function of its own.
//! Single keys rest while a person writes, and altogether with `data-keys="off"` on <html> (WCAG 2.1.4).

import { blurEditors } from "./blur.mjs";

const root = document.documentElement;
const list = document.querySelector("table[data-case-list]");
const rows = [...(list?.querySelectorAll("tbody tr[data-href]") ?? [])];
let chosen = rows.findIndex((row) => row.hasAttribute("aria-current"));

const writes = (target) => Boolean(target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));
const acts = (target) => Boolean(target.closest?.("a[href], button, summary, input, textarea, select"));
const linkOf = (row) => row?.querySelector("a[href]");
// On a narrow desk the open case stands alone; its list is another page.
const hidesList = () => list !== null && list.offsetParent === null;

function choose(index) {
  if (rows.length === 0) return;
  if (hidesList()) {
    const next = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (next && !next.hasAttribute("aria-current")) open(next);
    return;
  }
  rows[chosen]?.classList.remove("chosen");
  chosen = Math.max(0, Math.min(rows.length - 1, index));
  rows[chosen].classList.add("chosen");
  linkOf(rows[chosen])?.focus();
  rows[chosen].scrollIntoView({ block: "nearest" });
}

function open(row) {
  remember("opened", "by key");
  location.assign(row.dataset.href);
}

function remember(name, value) {
  try {
    sessionStorage.setItem(`desk:${name}`, value);
  } catch {
    // Without a store the desk only forgets its scroll position.
  }
}

function recall(name) {
  try {
    return sessionStorage.getItem(`desk:${name}`);
  } catch {
    return null;
  }
}

/** Keys of the open case: press what carries `data-key`, or jump into what carries `data-key-focus`. */
function caseKey(key) {
  const away = rows[chosen] && !rows[chosen].hasAttribute("aria-current");
  if (away && ["a", "e", "w", "z"].includes(key)) {
    remember("then", key);
    open(rows[chosen]);
    return true;
  }
  const field = document.querySelector(`[data-key-focus="${key}"]`);
  if (field) {
    field.closest("details")?.setAttribute("open", "");
    field.focus();
    if (field.tagName === "TEXTAREA") field.setSelectionRange(field.value.length, field.value.length);
    return true;
  }
  const control = document.querySelector(`[data-key="${key}"]`);
  if (control?.tagName === "SUMMARY") {
    // Pressed twice it stays open: what is typed there must not disappear.
    control.parentElement.open = true;
    control.parentElement.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  } else {
    control?.click();
  }
  return Boolean(control);
}

/** Of several buttons, Ctrl+Enter presses the one that says so; it may stand outside its form. */
function enterButton(form) {
  const buttons = [...form.elements].filter((element) => element.type === "submit");
  return buttons.find((button) => button.hasAttribute("data-enter")) ?? buttons[0];
}

function singleKey(event) {
  // Caps lock makes no other key of it.
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "j") choose(chosen + 1);
  else if (key === "k") choose(chosen < 0 ? 0 : chosen - 1);
  else if (key === "/") document.querySelector("[data-desk-search]")?.focus();
  else if (key === "?") document.getElementById("key-help")?.showModal();
  else if (key === "Enter" && rows[chosen] && !acts(event.target)) open(rows[chosen]);
  else if (!/^[a-z]$/.test(key) || !caseKey(key)) return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]") || event.defaultPrevented || event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && event.key === "k") {
    event.preventDefault();
    document.querySelector("[data-desk-search]")?.focus();
  } else if (command && event.key === "Enter") {
    const form = event.target.closest?.("form");
    if (form && (form.hasAttribute("data-submit-keys") || event.target.tagName === "TEXTAREA")) {
      event.preventDefault();
      form.requestSubmit(enterButton(form));
    }
  } else if (event.key === "Escape" && !document.querySelector("details.menu[open]")) {
    if (hidesList()) document.querySelector("a.back")?.click();
    else choose(chosen);
  } else if (!command && !event.altKey && root.dataset.keys !== "off" && !writes(event.target)) {
    singleKey(event);
  }
});

/** J and K go on from the row that Tab reached. */
list?.addEventListener("focusin", (event) => {
  const row = rows.indexOf(event.target.closest("tr"));
  if (row < 0 || row === chosen) return;
  rows[chosen]?.classList.remove("chosen");
  chosen = row;
  rows[chosen].classList.add("chosen");
});

/** The whole row answers to the pointer; its link stays the real control. */
list?.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-href]");
  if (!row || event.target.closest("a, button, input, label") || String(getSelection())) return;
  location.assign(row.dataset.href);
});
list?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") remember("opened", "by key");
});

document.querySelector(".desk-pane")?.addEventListener("submit", () => remember("opened", "by form"));

/** The list stays where it was: its own scrolling beside a case, the page's where it stands alone. */
function keepPlace() {
  const pane = document.querySelector(".desk-list");
  const place = `scroll:${location.pathname.split("/")[1]}:${document.querySelector("#list-title")?.textContent}`;
  if (pane && !hidesList()) {
    const [inside, page] = (recall(place) ?? "").split(" ").map(Number);
    const target = document.getElementById(location.hash.slice(1));
    pane.scrollTop = inside || 0;
    if (page && !target && location.hash.startsWith("#fall-")) scrollTo(0, page);
    rows[chosen]?.scrollIntoView({ block: "nearest" });
    addEventListener("pagehide", () => remember(place, `${pane.scrollTop} ${scrollY}`));
    document.querySelector("[data-new-cases]")?.addEventListener("click", () => {
      pane.scrollTop = 0;
    });
  }
  // After the load event: the jump to #pane would take the focus away again.
  if (document.readyState === "complete") arrive();
  else addEventListener("load", () => setTimeout(arrive, 0));
}

/** Puts the focus on the case that was opened or came next, and does what was wanted with it in the list. */
function arrive() {
  const [opened, then] = [recall("opened"), recall("then")];
  for (const name of ["opened", "then"]) if (recall(name)) sessionStorage.removeItem(`desk:${name}`);
  if (opened) document.querySelector("[data-pane-title]")?.focus({ preventScroll: true });
  if (then && rows[chosen]?.hasAttribute("aria-current")) caseKey(then);
}

/** On a narrow desk the rail starts folded, so that the work comes first. */
function foldRail() {
  const summary = document.querySelector(".rail-menu > summary");
  if (summary && summary.offsetParent !== null) summary.parentElement.open = false;
}

function keySwitch() {
  const button = document.querySelector("[data-toggle-keys]");
  if (!button) return;
  if (recall("keys")) root.dataset.keys = recall("keys");
  const show = () => button.setAttribute("aria-pressed", String(root.dataset.keys === "off"));
  button.addEventListener("click", () => {
    root.dataset.keys = root.dataset.keys === "off" ? "on" : "off";
    remember("keys", root.dataset.keys);
    show();
  });
  show();
}

keepPlace();
foldRail();
keySwitch();
blurEditors();
