//! The map on pages that have one: `[data-map]` with tiles of this site. Picks a place, shows markers, groups what lies close.
//! It is never the only way: an address field or a list says the same. Invariant: pointer, keys and buttons reach every function.

import { Map as LeafletMap, TileLayer, Marker, Circle, DivIcon, LatLngBounds, latLng } from "leaflet/dist/leaflet-src.esm.js";
import { Groups } from "./groups.mjs";
import { PLACE, fieldNamed } from "./position.mjs";

const still = () => document.documentElement.dataset.motion === "reduced" || matchMedia("(prefers-reduced-motion: reduce)").matches;
const dark = matchMedia("(prefers-color-scheme: dark)");

function themeOfPage() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen === "light" ? "light" : "dark";
  return dark.matches ? "dark" : "light";
}

function pinIcon(kind) {
  const html = '<svg viewBox="-28 -76 56 78" aria-hidden="true"><path d="M0 0c-18-24-26-34-26-46a26 26 0 0 1 52 0c0 12-8 22-26 46Z"/><circle cy="-46" r="9"/></svg>';
  return new DivIcon({ className: `map-pin ${kind}`, iconSize: [36, 48], iconAnchor: [18, 47], html });
}

class TownMap {
  constructor(element) {
    this.data = element.dataset;
    this.panel = element.closest("[data-map-panel]") ?? element.parentElement;
    this.form = element.closest("form");
    this.status = this.panel.querySelector("[data-map-status]");
    this.strip();
    const { lat, lon, zoom } = this.data;
    this.map = new LeafletMap(element, { zoomControl: false, attributionControl: false, keyboard: true, maxZoom: 19, minZoom: 10, scrollWheelZoom: false, zoomAnimation: !still(), fadeAnimation: !still(), markerZoomAnimation: !still() });
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", this.data.wordMap ?? "");
    this.map.setView([Number(lat), Number(lon)], Number(zoom));
    this.tiles();
    this.wheelOnlyInUse(element);
    this.controls();
    if (this.data.pickLat) this.picking();
    if (this.data.markers) this.markers();
  }

  /** Source and buttons stand under the map: on it they would cover marks that a finger must hit (WCAG 2.5.8). */
  strip() {
    const note = document.createElement("p");
    note.className = "map-attribution";
    note.textContent = this.data.attribution ?? "";
    const strip = document.createElement("div");
    strip.className = "map-strip";
    const controls = this.panel.querySelector(".map-controls");
    if (controls) controls.before(strip);
    else this.panel.append(strip);
    strip.append(note, ...(controls ? [controls] : []));
  }

  tiles() {
    const layer = new TileLayer(this.data.tiles, { theme: themeOfPage(), maxZoom: 19, keepBuffer: 3 }).addTo(this.map);
    dark.addEventListener("change", () => {
      layer.options.theme = themeOfPage();
      layer.redraw();
    });
  }

  /** A page is scrolled over a map far more often than the map is zoomed by the wheel. */
  wheelOnlyInUse(element) {
    element.addEventListener("pointerdown", () => this.map.scrollWheelZoom.enable());
    element.addEventListener("pointerleave", () => this.map.scrollWheelZoom.disable());
  }

  controls() {
    const each = (selector, act) => {
      for (const button of this.panel.querySelectorAll(selector)) button.addEventListener("click", () => act(button.dataset));
    };
    each("[data-pan]", ({ pan }) => this.map.panBy(pan.split(",").map(Number), { animate: !still() }));
    each("[data-zoom-by]", ({ zoomBy }) => this.map.setZoom(this.map.getZoom() + Number(zoomBy), { animate: !still() }));
    each("[data-center]", () => this.pick(this.map.getCenter()));
    if (!this.data.pickLat) for (const button of this.panel.querySelectorAll("[data-center]")) button.hidden = true;
  }

  picking() {
    this.fields = [fieldNamed(this.form, this.data.pickLat), fieldNamed(this.form, this.data.pickLon)];
    const [lat, lon] = this.fields.map((field) => Number.parseFloat(field?.value ?? ""));
    if (Number.isFinite(lat) && Number.isFinite(lon)) {
      this.pin(latLng(lat, lon));
      this.map.setView([lat, lon], this.map.getZoom(), { animate: false });
    }
    this.map.on("click", (event) => this.pick(event.latlng));
    document.addEventListener(PLACE, (event) => {
      const spot = latLng(event.detail.lat, event.detail.lon);
      this.map.setView(spot, Math.max(this.map.getZoom(), 17), { animate: !still() });
      this.pick(spot);
    });
  }

  pick(spot) {
    this.pin(spot);
    // The newer answer counts: a tap after one of the offered places was chosen.
    for (const offer of this.form?.querySelectorAll('input[name="hit"]') ?? []) offer.checked = false;
    [spot.lat, spot.lng].forEach((value, index) => {
      if (!this.fields?.[index]) return;
      this.fields[index].value = value.toFixed(6);
      this.fields[index].dispatchEvent(new Event("change", { bubbles: true }));
    });
    this.say(this.data.wordPicked);
    this.panel.querySelector(".map-hint")?.setAttribute("hidden", "");
  }

  pin(spot) {
    this.ring(spot);
    if (this.own) {
      this.own.setLatLng(spot);
      return;
    }
    this.own = new Marker(spot, { icon: pinIcon("own chosen"), draggable: true, autoPan: true, zIndexOffset: 1000, title: this.data.wordPin }).addTo(this.map);
    this.own.getElement().setAttribute("aria-label", this.data.wordPin ?? "");
    this.own.on("dragend", () => this.pick(this.own.getLatLng()));
  }

  /** The area around the pin, as wide as the field next to the map says. */
  ring(spot) {
    if (!this.data.radius) return;
    const field = fieldNamed(this.form, this.data.radius);
    const draw = () => {
      const middle = this.area?.getLatLng() ?? spot;
      this.area ??= new Circle(middle, { radius: 1, className: "map-area", interactive: false }).addTo(this.map);
      this.area.setRadius(Number(field?.value) || 500);
      this.map.fitBounds(this.area.getBounds(), { animate: !still() });
    };
    if (this.area) {
      this.area.setLatLng(spot);
      return;
    }
    field?.addEventListener("change", draw);
    draw();
  }

  /** They come after the page: the list beside says the same, so nobody waits for them. */
  async markers() {
    let entries;
    try {
      const answer = await fetch(this.data.markers, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(15_000) });
      if (!answer.ok) throw new Error(String(answer.status));
      entries = await answer.json();
    } catch {
      this.warn(this.data.wordUnread);
      return;
    }
    new Groups(this.map, entries, { icon: pinIcon, words: this.data.wordGroup ?? "", still });
    if ("fit" in this.data && entries.length > 0) {
      this.map.fitBounds(new LatLngBounds(entries.map(({ lat, lon }) => [lat, lon])).pad(0.1), { maxZoom: 17, animate: false });
    }
  }

  /** Said and shown: whoever looks at the map must not take it for empty. */
  warn(text) {
    this.say(text);
    this.status?.classList.remove("sr-only");
  }

  say(text) {
    if (this.status) this.status.textContent = text ?? "";
  }
}

for (const element of document.querySelectorAll("[data-map]")) new TownMap(element);
