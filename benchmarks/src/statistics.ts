/** Quartiles of times in milliseconds. */
export interface Summary {
  readonly runs: number;
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
}

/** @throws RangeError when there are no times. */
export function summarize(times: readonly number[]): Summary {
  if (times.length === 0) throw new RangeError('times was empty; it must hold at least one');
  const sorted = [...times].sort((a, b) => a - b);
  return {
    runs: sorted.length,
    min: quantile(sorted, 0),
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
  };
}

/** Linear between the two nearest (definition 7 of Hyndman and Fan, 1996). */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? 0;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}
