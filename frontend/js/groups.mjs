//! Markers by a plain grid: what falls into one cell of the screen at this zoom becomes one round group with its number.
//! Cells are fixed to the map, so panning does not regroup. Only what is in view is drawn and can be
//! reached by Tab.

import { DivIcon, LatLngBounds, Marker, Point, latLng } from "leaflet/dist/leaflet-src.esm.js";
import { apart, cellsOf, middle, weight } from "./cells.mjs";

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
    const place = ({ lat, lon }) => this.map.project(latLng(lat, lon), zoom);
    const cells = new Map();
    const seen = this.map.getBounds();
    const grid = cellsOf(this.entries, place, alone ? 0 : CELL);
    for (const [key, cell] of alone ? grid : apart(grid, place, CELL)) {
      if (seen.contains(spotOf(cell))) cells.set(alone ? key : `${zoom}:${key}:${cell.length}`, cell);
    }
    return cells;
  }

  marker(cell) {
    const number = weight(cell);
    if (number === 1) return this.single(cell[0]);
    const spot = spotOf(cell);
    const size = number < 10 ? 44 : 52;
    const icon = new DivIcon({ className: "map-group", iconSize: new Point(size, size), html: String(number) });
    const marker = new Marker(spot, { icon, riseOnHover: true, autoPanOnFocus: false });
    // The site counted these together: only a list can show them one by one.
    if (cell.length === 1) return this.leads(marker, cell[0]);
    marker.label = `${number} ${this.words}`;
    marker.act = () => {
      const bounds = new LatLngBounds(cell.map(({ lat, lon }) => [lat, lon])).pad(0.2);
      const zoom = Math.max(this.map.getBoundsZoom(bounds), this.map.getZoom() + 1);
      this.map.setView(spot, Math.min(zoom, this.map.getMaxZoom()), { animate: !this.still() });
    };
    return marker;
  }

  single(entry) {
    const spot = latLng(entry.lat, entry.lon);
    const icon = this.icon(entry.kind ?? "");
    return this.leads(new Marker(spot, { icon, title: entry.label, riseOnHover: true, autoPanOnFocus: false }), entry);
  }

  leads(marker, { label, href }) {
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

function spotOf(cell) {
  const { lat, lon } = middle(cell);
  return latLng(lat, lon);
}
