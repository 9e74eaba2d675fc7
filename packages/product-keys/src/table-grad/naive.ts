/** Each row of the table gets its picks' `factors` `[T, K]` times their `sources` `[T, D]`, in float64. @returns `[N, D]`. */
export function tableGradNaive(
  indices: ArrayLike<number>,
  factors: Float64Array,
  sources: Float64Array,
  { picks, rows, width }: { readonly picks: number; readonly rows: number; readonly width: number },
): Float64Array {
  const gradient = new Float64Array(rows * width);
  for (const [pick, factor] of factors.entries()) {
    const from = Math.floor(pick / picks) * width;
    const to = (indices[pick] ?? 0) * width;
    for (let c = 0; c < width; c++) {
      gradient[to + c] = (gradient[to + c] ?? 0) + factor * (sources[from + c] ?? 0);
    }
  }
  return gradient;
}
