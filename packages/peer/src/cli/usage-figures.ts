/** Picks of items by their ranks, the most picked one first. */
export interface RankedPicks {
  /** Some hundred ranks at most, at even distances of their logarithms; items without picks have none. */
  readonly points: readonly { readonly rank: number; readonly picks: number }[];
  /** How many picks each item would have if all had the same. */
  readonly even: number;
}

/** @param picks how often each item was picked. */
export function rankedPicks(picks: Float64Array): RankedPicks {
  const sorted = picks.filter((count) => count > 0).sort((a, b) => b - a);
  const steps = 300;
  const ranks = Array.from({ length: steps + 1 }, (_, step) =>
    Math.round(sorted.length ** (step / steps)),
  );
  return {
    points: [...new Set(sorted.length === 0 ? [] : ranks)].map((rank) => ({
      ...{ rank, picks: sorted[rank - 1] as number },
    })),
    even: picks.reduce((sum, count) => sum + count, 0) / picks.length,
  };
}

/** Some keys of two sets, each from a number on and up to another one, and the mean picks of their items. */
export interface Cell {
  readonly first: number;
  readonly firstEnd: number;
  readonly second: number;
  readonly secondEnd: number;
  readonly picks: number;
}

/** More would be too small to see, and make a large file. */
const mostCells = 64;

/**
 * The picks of the items (i, j), in at most 64 times 64 cells of neighbours.
 *
 * @param picks of items i m + j, table by table; tables are added up. @param n keys of the first set. @param m of the second.
 */
export function pickedCells(picks: Float64Array, n: number, m: number): Cell[] {
  const spans = (keys: number) => {
    const size = Math.ceil(keys / mostCells);
    return Array.from({ length: Math.ceil(keys / size) }, (_, cell) => ({
      ...{ size, from: cell * size, to: Math.min(keys, (cell + 1) * size) },
    }));
  };
  const [rows, columns] = [spans(n), spans(m)];
  const sums = new Float64Array(rows.length * columns.length);
  const [height, width] = [rows[0]?.size ?? 1, columns[0]?.size ?? 1];
  for (const [at, count] of picks.entries()) {
    const [row, column] = [Math.floor((at % (n * m)) / m), at % m];
    const cell = Math.floor(row / height) * columns.length + Math.floor(column / width);
    sums[cell] = (sums[cell] ?? 0) + count;
  }
  return rows.flatMap(({ from: first, to: firstEnd }, row) =>
    columns.map(({ from: second, to: secondEnd }, column) => {
      const items = (firstEnd - first) * (secondEnd - second);
      const picked = sums[row * columns.length + column] ?? 0;
      return { first, firstEnd, second, secondEnd, picks: picked / items };
    }),
  );
}
