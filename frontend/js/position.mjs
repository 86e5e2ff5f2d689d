//! A place as two hidden fields of a form. `place` sets them and tells the map, if there is one; the button
//! `[data-locate="lat,lon"]` asks the device. Nothing is sent before the person sends the form.

export const PLACE = "stadtplatz:place";

export function fieldNamed(form, name) {
  return name ? (form?.elements.namedItem(name) ?? null) : null;
}

export function place(form, lat, lon, names = ["lat", "lon"]) {
  const values = [lat, lon].map((value) => value.toFixed(6));
  names.forEach((name, index) => {
    const field = fieldNamed(form, name);
    if (field) field.value = values[index];
  });
  document.dispatchEvent(new CustomEvent(PLACE, { detail: { lat, lon } }));
}

export function position() {
  for (const button of document.querySelectorAll("[data-locate]")) {
    if (!("geolocation" in navigator)) {
      button.hidden = true;
      continue;
    }
    const status = document.createElement("p");
    status.className = "hint";
    status.setAttribute("role", "status");
    button.after(status);
    button.addEventListener("click", () => locate(button, status));
  }
}

function locate(button, status) {
  button.setAttribute("aria-busy", "true");
  status.textContent = button.dataset.searching ?? "";
  const done = (text) => {
    button.removeAttribute("aria-busy");
    status.textContent = text ?? "";
  };
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      place(button.form ?? button.closest("form"), coords.latitude, coords.longitude, button.dataset.locate.split(","));
      done(button.dataset.found);
      if ("locateSend" in button.dataset) button.form?.requestSubmit();
    },
    () => done(button.dataset.failed),
    { enableHighAccuracy: true, timeout: 12_000, maximumAge: 60_000 },
  );
}
