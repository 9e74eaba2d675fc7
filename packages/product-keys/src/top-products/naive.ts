import type { TopProductsSizes } from './types.ts';

/** The products of all queries and their heads' keys, summed in float64: float32 `[T, H, n]`. */
export function productsNaive(
  queries: ArrayLike<number>,
  keys: ArrayLike<number>,
  { tokens, heads, count, width }: TopProductsSizes,
): Float32Array {
  return Float32Array.from({ length: tokens * heads * count }, (_, at) => {
    const row = Math.floor(at / count);
    const [query, key] = [row * width, ((row % heads) * count + (at % count)) * width];
    let product = 0;
    for (let c = 0; c < width; c++) product += (queries[query + c] ?? 0) * (keys[key + c] ?? 0);
    return product;
  });
}
