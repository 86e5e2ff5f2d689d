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

export const weight = (cell) => cell.reduce((sum, { count }) => sum + (count ?? 1), 0);

/** Where the things of a cell lie on average. */
export function middle(cell) {
  const average = (name) => cell.reduce((sum, entry) => sum + entry[name] * (entry.count ?? 1), 0) / weight(cell);
  return { lat: average("lat"), lon: average("lon") };
}
