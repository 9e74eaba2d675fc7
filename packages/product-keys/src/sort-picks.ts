/** Picks by their rows. */
export interface SortedPicks {
  /** Each row once, in rising order: `[U]`. */
  readonly rows: Int32Array;
  /** The numbers of the picks of the first row, in rising order, then those of the second: `[P]`. */
  readonly picks: Int32Array;
  /** Where the picks of each row begin, and where the last end: `[U + 1]`. */
  readonly starts: Int32Array;
}

/** @param indices the row of each pick, `[P]`, each from 0 on. */
export function sortPicks(indices: Int32Array): SortedPicks {
  const { length } = indices;
  // A row and a pick as one number, exact below 2^53: typed arrays sort numbers fast.
  const keys = Float64Array.from(indices, (row, pick) => row * length + pick).sort();
  const picks = new Int32Array(length);
  const rows = new Int32Array(length);
  const starts = new Int32Array(length + 1);
  let count = 0;
  for (const [at, key] of keys.entries()) {
    const row = Math.floor(key / length);
    picks[at] = key - row * length;
    if (count > 0 && row === rows[count - 1]) continue;
    rows[count] = row;
    starts[count++] = at;
  }
  starts[count] = length;
  return { rows: rows.slice(0, count), picks, starts: starts.slice(0, count + 1) };
}
