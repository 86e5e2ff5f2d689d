//! Offers new cases above the desk's list. The list itself never moves by itself: the press on the button loads it anew.

const EVERY_MS = 30_000;

export function newCases() {
  const button = document.querySelector("[data-new-cases]");
  if (!button) return;
  button.addEventListener("click", () => location.reload());
  const look = async () => {
    if (document.hidden || !navigator.onLine) return;
    try {
      const answer = await fetch(button.dataset.newCases, { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const { count } = await answer.json();
      if (!(count > 0)) return;
      button.textContent = count === 1 ? "1 neuen Fall anzeigen" : `${count} neue Fälle anzeigen`;
      button.hidden = false;
    } catch {
      // No connection: the next look comes in half a minute.
    }
  };
  setInterval(look, EVERY_MS);
}
