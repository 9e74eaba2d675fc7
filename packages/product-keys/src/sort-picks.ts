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
  const picks = picksByRow(indices);
  const rows = new Int32Array(picks.length);
  const starts = new Int32Array(picks.length + 1);
  let count = 0;
  for (let at = 0; at < picks.length; at++) {
    const row = indices[picks[at] as number] as number;
    if (count > 0 && row === rows[count - 1]) continue;
    rows[count] = row;
    starts[count++] = at;
  }
  starts[count] = picks.length;
  return { rows: rows.slice(0, count), picks, starts: starts.slice(0, count + 1) };
}

/** Bits of a digit. */
const bits = 11;

/** The numbers of the picks in the order of their rows, and of the picks within a row: digit by digit from the lowest, in time that goes by their number. */
export function picksByRow(indices: Int32Array): Int32Array {
  const { length } = indices;
  let order = new Int32Array(length);
  let next = new Int32Array(length);
  let most = 0;
  // Iterators would take most of the time.
  for (let pick = 0; pick < length; pick++) {
    order[pick] = pick;
    most = Math.max(most, indices[pick] as number);
  }
  const places = new Int32Array(2 ** bits);
  const mask = 2 ** bits - 1;
  for (let shift = 0; shift < 32 && most >>> shift > 0; shift += bits) {
    places.fill(0);
    for (let pick = 0; pick < length; pick++) {
      const digit = ((indices[pick] as number) >>> shift) & mask;
      places[digit] = (places[digit] as number) + 1;
    }
    let begin = 0;
    for (let digit = 0; digit <= mask; digit++) {
      const count = places[digit] as number;
      places[digit] = begin;
      begin += count;
    }
    for (let at = 0; at < length; at++) {
      const pick = order[at] as number;
      const digit = ((indices[pick] as number) >>> shift) & mask;
      const place = places[digit] as number;
      next[place] = pick;
      places[digit] = place + 1;
    }
    [order, next] = [next, order];
  }
  return order;
}
