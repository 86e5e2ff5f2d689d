//! Keys for the desk. Every key presses something that is also visible as a link, button or field; none has a function of its own.
//! Single keys rest while a person writes, and altogether with `data-keys="off"` on <html> (WCAG 2.1.4).

import { blurEditors } from "./blur.mjs";

const root = document.documentElement;
const list = document.querySelector("table[data-case-list]");
const rows = [...(list?.querySelectorAll("tbody tr[data-href]") ?? [])];
let chosen = rows.findIndex((row) => row.hasAttribute("aria-current"));

const writes = (target) => Boolean(target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]"));
const linkOf = (row) => row?.querySelector("a[href]");

function choose(index) {
  if (rows.length === 0) return;
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
  control?.click();
  if (control?.tagName === "SUMMARY" && control.parentElement.open) {
    control.parentElement.querySelector("select, textarea, input:not([type=hidden])")?.focus();
  }
  return Boolean(control);
}

/** Of several buttons, Ctrl+Enter presses the one that shows the keys; it may stand outside its form. */
function shownButton(form) {
  const buttons = [...form.elements].filter((element) => element.type === "submit");
  return buttons.find((button) => button.querySelector("kbd")) ?? buttons[0];
}

function singleKey(event) {
  const { key } = event;
  if (key === "j") choose(chosen + 1);
  else if (key === "k") choose(chosen < 0 ? 0 : chosen - 1);
  else if (key === "/") document.querySelector("[data-desk-search]")?.focus();
  else if (key === "?") document.getElementById("key-help")?.showModal();
  else if (key === "Enter" && rows[chosen] && event.target === document.body) open(rows[chosen]);
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
      form.requestSubmit(shownButton(form));
    }
  } else if (event.key === "Escape" && rows.length > 0 && !document.querySelector("details.menu[open]")) {
    choose(chosen);
  } else if (!command && !event.altKey && root.dataset.keys !== "off" && !writes(event.target)) {
    singleKey(event);
  }
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

function keepPlace() {
  const pane = document.querySelector(".desk-list");
  if (pane) {
    const at = recall(`scroll:${location.pathname.split("/")[1]}:${document.querySelector("#list-title")?.textContent}`);
    if (at) pane.scrollTop = Number(at);
    rows[chosen]?.scrollIntoView({ block: "nearest" });
    addEventListener("pagehide", () => remember(`scroll:${location.pathname.split("/")[1]}:${document.querySelector("#list-title")?.textContent}`, String(pane.scrollTop)));
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
