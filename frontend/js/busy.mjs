//! A form is sent once. The server's once-only key is the guarantee; this only spares people the doubt after a slow tap.

const WAIT_MS = 20_000;

export function busyButtons() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    const button = event.submitter;
    const label = button?.innerHTML;
    if (button) {
      button.setAttribute("aria-busy", "true");
      if (button.dataset.busy) button.textContent = button.dataset.busy;
    }
    // A download or a lost connection leaves the page standing: then the button must work again.
    const release = () => {
      delete form.dataset.sent;
      if (!button) return;
      button.removeAttribute("aria-busy");
      if (button.dataset.busy) button.innerHTML = label;
    };
    const timer = setTimeout(release, WAIT_MS);
    window.addEventListener("pageshow", (shown) => {
      if (!shown.persisted) return;
      clearTimeout(timer);
      release();
    }, { once: true });
  });
}
