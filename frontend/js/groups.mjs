//! Markers by a plain grid: what falls into one cell of the screen at this zoom becomes one round group with its number.
//! Cells are fixed to the map, so panning does not regroup. Only what is in view is drawn.

import { DivIcon, LatLngBounds, Marker, Point, latLng } from "leaflet/dist/leaflet-src.esm.js";

const CELL = 64;

export class Groups {
  constructor(map, entries, { icon, words, still }) {
    Object.assign(this, { map, entries, icon, words, still });
    this.drawn = [];
    map.on("moveend zoomend", () => this.draw());
    this.draw();
  }

  draw() {
    const hadFocus = this.drawn.some((marker) => marker.getElement() === document.activeElement);
    for (const marker of this.drawn) marker.remove();
    this.drawn = [...this.cells().values()].map((cell) => this.marker(cell).addTo(this.map));
    for (const marker of this.drawn) this.name(marker);
    if (hadFocus) this.map.getContainer().focus({ preventScroll: true });
  }

  cells() {
    const zoom = this.map.getZoom();
    const alone = zoom >= this.map.getMaxZoom();
    const seen = this.map.getBounds().pad(0.3);
    const cells = new Map();
    this.entries.forEach((entry, index) => {
      const spot = latLng(entry.lat, entry.lon);
      if (!seen.contains(spot)) return;
      const { x, y } = this.map.project(spot, zoom);
      const key = alone ? index : `${Math.floor(x / CELL)}:${Math.floor(y / CELL)}`;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push({ ...entry, spot });
    });
    return cells;
  }

  marker(cell) {
    if (cell.length === 1) return this.single(cell[0]);
    const middle = latLng(average(cell, "lat"), average(cell, "lon"));
    const size = cell.length < 10 ? 44 : 52;
    const icon = new DivIcon({ className: "map-group", iconSize: new Point(size, size), html: String(cell.length) });
    const marker = new Marker(middle, { icon, riseOnHover: true });
    marker.label = `${cell.length} ${this.words}`;
    marker.act = () => {
      const bounds = new LatLngBounds(cell.map(({ spot }) => spot)).pad(0.2);
      const zoom = Math.max(this.map.getBoundsZoom(bounds), this.map.getZoom() + 1);
      this.map.setView(middle, Math.min(zoom, this.map.getMaxZoom()), { animate: !this.still() });
    };
    return marker;
  }

  single({ spot, label, href, kind }) {
    const marker = new Marker(spot, { icon: this.icon(kind ?? ""), title: label, riseOnHover: true });
    marker.label = label;
    marker.act = () => {
      if (href) location.assign(href);
    };
    marker.isLink = Boolean(href);
    return marker;
  }

  name(marker) {
    const element = marker.getElement();
    element.setAttribute("aria-label", marker.label);
    element.setAttribute("role", marker.isLink ? "link" : "button");
    marker.on("click", marker.act);
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      marker.act();
    });
  }
}

function average(cell, name) {
  return cell.reduce((sum, entry) => sum + entry[name], 0) / cell.length;
}
