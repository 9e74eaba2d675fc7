/** Row u is the sum of `factors[pick] * sources[pick's]` over its picks, in float64. @returns `[U, D]`. */
export function summedPicksNaive(
  factors: ArrayLike<number>,
  sources: ArrayLike<number>,
  { picks, starts }: { readonly picks: ArrayLike<number>; readonly starts: ArrayLike<number> },
  { perSource, width }: { readonly perSource: number; readonly width: number },
): Float64Array {
  const sums = new Float64Array((starts.length - 1) * width);
  for (let row = 0; row + 1 < starts.length; row++) {
    for (let at = starts[row] ?? 0; at < (starts[row + 1] ?? 0); at++) {
      const pick = picks[at] ?? 0;
      const from = Math.floor(pick / perSource) * width;
      for (let c = 0; c < width; c++) {
        const sum = sums[row * width + c] ?? 0;
        sums[row * width + c] = sum + (factors[pick] ?? 0) * (sources[from + c] ?? 0);
      }
    }
  }
  return sums;
}
