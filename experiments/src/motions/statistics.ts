/** A mean, and half the width of its 95 % interval. */
export interface Interval {
  readonly mean: number;
  readonly half: number;
}

/** The 0.975 quantiles of Student's t for 1 to 9 degrees of freedom (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2). */
const quantiles = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262] as const;

/** The mean of a few measured numbers with its 95 % interval by Student's t. @throws RangeError unless there are 2 to 10. */
export function interval(values: readonly number[]): Interval {
  const quantile = quantiles[values.length - 2];
  if (quantile === undefined) {
    throw new RangeError(`there were ${values.length} values; an interval needs 2 to 10`);
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const deviation = Math.sqrt(squares / (values.length - 1));
  return { mean, half: (quantile * deviation) / Math.sqrt(values.length) };
}
