//! Markers by a plain grid: what falls into one cell of the screen at this zoom becomes one round group with its number.
//! Cells are fixed to the map, so panning does not regroup. Only what is in view is drawn and can be
//! reached by Tab.

import { DivIcon, LatLngBounds, Marker, Point, latLng } from "leaflet/dist/leaflet-src.esm.js";

const CELL = 64;

export class Groups {
  constructor(map, entries, { icon, words, still }) {
    Object.assign(this, { map, entries, icon, words, still });
    this.drawn = new Map();
    map.on("moveend zoomend", () => this.draw());
    this.draw();
  }

  /** Marks that stay in view stay as they are, so that the focus of the keyboard survives a move of the map. */
  draw() {
    const cells = this.cells();
    for (const [key, marker] of this.drawn) {
      if (cells.has(key)) continue;
      const hadFocus = marker.getElement() === document.activeElement;
      marker.remove();
      this.drawn.delete(key);
      if (hadFocus) this.map.getContainer().focus({ preventScroll: true });
    }
    for (const [key, cell] of cells) {
      if (this.drawn.has(key)) continue;
      const marker = this.marker(cell).addTo(this.map);
      this.name(marker);
      this.drawn.set(key, marker);
    }
  }

  cells() {
    const zoom = this.map.getZoom();
    const alone = zoom >= this.map.getMaxZoom();
    const cells = new Map();
    this.entries.forEach((entry, index) => {
      const spot = latLng(entry.lat, entry.lon);
      const { x, y } = this.map.project(spot, zoom);
      const key = alone ? `${index}` : `${zoom}:${Math.floor(x / CELL)}:${Math.floor(y / CELL)}`;
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push({ ...entry, spot });
    });
    const seen = this.map.getBounds();
    for (const [key, cell] of cells) if (!seen.contains(middle(cell))) cells.delete(key);
    return cells;
  }

  marker(cell) {
    if (cell.length === 1) return this.single(cell[0]);
    const spot = middle(cell);
    const size = cell.length < 10 ? 44 : 52;
    const icon = new DivIcon({ className: "map-group", iconSize: new Point(size, size), html: String(cell.length) });
    const marker = new Marker(spot, { icon, riseOnHover: true, autoPanOnFocus: false });
    marker.label = `${cell.length} ${this.words}`;
    marker.act = () => {
      const bounds = new LatLngBounds(cell.map(({ spot }) => spot)).pad(0.2);
      const zoom = Math.max(this.map.getBoundsZoom(bounds), this.map.getZoom() + 1);
      this.map.setView(spot, Math.min(zoom, this.map.getMaxZoom()), { animate: !this.still() });
    };
    return marker;
  }

  single({ spot, label, href, kind }) {
    const marker = new Marker(spot, { icon: this.icon(kind ?? ""), title: label, riseOnHover: true, autoPanOnFocus: false });
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

function middle(cell) {
  const average = (name) => cell.reduce((sum, entry) => sum + entry[name], 0) / cell.length;
  return latLng(average("lat"), average("lon"));
}
