import type { PickedRowsSizes } from './types.ts';

/** Calls `visit` with each pick: where its row, its sum (or what it is multiplied by) and its own number lie. */
function eachPick(
  indices: ArrayLike<number>,
  { count, picks, width }: PickedRowsSizes,
  visit: (pick: number, row: number, of: number) => void,
): void {
  for (let pick = 0; pick < count * picks; pick++) {
    visit(pick, (indices[pick] ?? 0) * width, Math.floor(pick / picks) * width);
  }
}

function add(array: Float64Array, at: number, amount: number): void {
  array[at] = (array[at] ?? 0) + amount;
}

/** Sums of rows with weights, in float64. @param weights `[T, K]`. @returns `[T, D]`. */
export function weightedRowsNaive(
  table: Float64Array,
  indices: ArrayLike<number>,
  weights: Float64Array,
  sizes: PickedRowsSizes,
): Float64Array {
  const y = new Float64Array(sizes.count * sizes.width);
  eachPick(indices, sizes, (pick, row, of) => {
    for (let c = 0; c < sizes.width; c++) {
      add(y, of + c, (weights[pick] ?? 0) * (table[row + c] ?? 0));
    }
  });
  return y;
}

/** Products of rows and vectors, in float64. @param x `[T, D]`. @returns `[T, K]`. */
export function rowProductsNaive(
  table: Float64Array,
  indices: ArrayLike<number>,
  x: Float64Array,
  sizes: PickedRowsSizes,
): Float64Array {
  const products = new Float64Array(sizes.count * sizes.picks);
  eachPick(indices, sizes, (pick, row, of) => {
    for (let c = 0; c < sizes.width; c++)
      add(products, pick, (table[row + c] ?? 0) * (x[of + c] ?? 0));
  });
  return products;
}
