//! Offers new cases beside the title of the desk's list. The list itself never moves: the link loads it anew.

const EVERY_MS = 30_000;

export function newCases() {
  const link = document.querySelector("[data-new-cases]");
  if (!link) return;
  const look = async () => {
    if (document.hidden || !navigator.onLine) return;
    try {
      const answer = await fetch(link.dataset.newCases, { headers: { accept: "application/json" } });
      if (!answer.ok) return;
      const { count, words } = await answer.json();
      // The same words again would be read out again.
      if (!(count > 0) || (link.textContent === words && !link.hidden)) return;
      link.textContent = words;
      link.hidden = false;
    } catch {
      // No connection: the next look comes in half a minute.
    }
  };
  setInterval(look, EVERY_MS);
  document.addEventListener("visibilitychange", look);
}
