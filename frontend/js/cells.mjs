//! Which marks of a map stand together: those in one cell of a plain grid. No map and no page here, so that it is tested alone.
//! An entry stands for `count` things (one, if it does not say); their sum is what a group shows.

/** Cells by key; `place` gives an entry's point in pixels. Without a size nothing is grouped. */
export function cellsOf(entries, place, size) {
  const cells = new Map();
  entries.forEach((entry, index) => {
    const { x, y } = place(entry);
    const key = size ? `${Math.floor(x / size)}:${Math.floor(y / size)}` : `${index}`;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(entry);
  });
  return cells;
}

/** Marks that come nearer than `distance` pixels are one: a finger must hit each (WCAG 2.5.8). */
export function apart(cells, place, distance) {
  for (;;) {
    const kept = [];
    for (const [key, cell] of cells) {
      const { x, y } = place(middle(cell));
      const near = kept.find((other) => Math.hypot(other.x - x, other.y - y) < distance);
      if (near) near.cell.push(...cell);
      else kept.push({ key, cell: [...cell], x, y });
    }
    if (kept.length === cells.size) return cells;
    cells = new Map(kept.map(({ key, cell }) => [key, cell]));
  }
}

export const weight = (cell) => cell.reduce((sum, { count }) => sum + (count ?? 1), 0);

/** Where the things of a cell lie on average. */
export function middle(cell) {
  const average = (name) => cell.reduce((sum, entry) => sum + entry[name] * (entry.count ?? 1), 0) / weight(cell);
  return { lat: average("lat"), lon: average("lon") };
}
