/** Each pair times e^(i position θ), as complex numbers. @param x `[rows, N, H, d]`. @param positions those of the N tokens. */
export function rotaryNaive(
  x: Float64Array,
  shape: readonly number[],
  positions: readonly number[],
  base = 10_000,
): Float64Array {
  const [, tokens = 1, heads = 1, depth = 2] = shape;
  return x.map((value, at) => {
    const [c, token] = [at % depth, Math.floor(at / depth / heads) % tokens];
    const pair = c % (depth / 2);
    const angle = (positions[token] ?? 0) / base ** ((2 * pair) / depth);
    const first = c < depth / 2;
    const other = x[first ? at + depth / 2 : at - depth / 2] ?? 0;
    return value * Math.cos(angle) + (first ? -1 : 1) * other * Math.sin(angle);
  });
}
