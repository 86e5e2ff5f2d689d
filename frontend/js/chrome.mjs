//! Menus, dialogs, printing, the offline line and the focus on a form's error summary. No page content is touched here.

export function chrome() {
  menus();
  dialogs();
  offlineLine();
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
  document.querySelector("[data-focus]")?.focus();
}

function menus() {
  const open = () => document.querySelectorAll("details.menu[open]");
  document.addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-open-dialog]");
    if (opener) document.getElementById(opener.dataset.openDialog)?.showModal();
    event.target.closest?.("[data-close-dialog]")?.closest("dialog")?.close();
  });
}

function offlineLine() {
  const line = document.querySelector("[data-offline]");
  if (!line) return;
  const show = () => {
    line.hidden = navigator.onLine;
  };
  window.addEventListener("online", show);
  window.addEventListener("offline", show);
  show();
}
