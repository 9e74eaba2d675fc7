// Plain loops over float64: what the optimisers of rows must compute. All change `weights` and their state in place.

/** A table `[N, D]`, row-major, and a gradient of K of its rows, duplicates among them. */
export interface NaiveRows {
  readonly weights: Float64Array;
  readonly width: number;
  readonly indices: readonly number[];
  readonly rows: Float64Array;
}

/** Calls `visit` for each touched row with where it begins and the sum of its gradients. */
function eachRow(
  { indices, rows, width }: NaiveRows,
  visit: (row: number, start: number, gradient: Float64Array) => void,
): void {
  const sums = new Map<number, Float64Array>();
  indices.forEach((row, k) => {
    const sum = sums.get(row) ?? new Float64Array(width);
    for (let d = 0; d < width; d++) sum[d] = at(sum, d) + at(rows, k * width + d);
    sums.set(row, sum);
  });
  for (const [row, sum] of sums) visit(row, row * width, sum);
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}

export function naiveDecay(table: NaiveRows, learningRate: number, weightDecay: number): void {
  const { weights, width } = table;
  eachRow(table, (_, start) => {
    for (let i = start; i < start + width; i++) {
      weights[i] = at(weights, i) * (1 - learningRate * weightDecay);
    }
  });
}

export function naiveRowSGD(table: NaiveRows, learningRate: number): void {
  const { weights } = table;
  eachRow(table, (_, start, gradient) => {
    gradient.forEach((g, d) => {
      weights[start + d] = at(weights, start + d) - learningRate * g;
    });
  });
}

/** @param sums `[N, D]`. */
export function naiveRowAdagrad(
  table: NaiveRows,
  sums: Float64Array,
  { learningRate, epsilon }: { learningRate: number; epsilon: number },
): void {
  const { weights } = table;
  eachRow(table, (_, start, gradient) => {
    gradient.forEach((g, d) => {
      const sum = at(sums, start + d) + g * g;
      sums[start + d] = sum;
      weights[start + d] = at(weights, start + d) - (learningRate * g) / (Math.sqrt(sum) + epsilon);
    });
  });
}

/** @param sums `[N]`. */
export function naiveRowWiseAdagrad(
  table: NaiveRows,
  sums: Float64Array,
  { learningRate, epsilon }: { learningRate: number; epsilon: number },
): void {
  const { weights, width } = table;
  eachRow(table, (row, start, gradient) => {
    const squares = gradient.reduce((total, g) => total + g * g, 0);
    const sum = at(sums, row) + squares / width;
    sums[row] = sum;
    gradient.forEach((g, d) => {
      weights[start + d] = at(weights, start + d) - (learningRate * g) / (Math.sqrt(sum) + epsilon);
    });
  });
}

/** Moments `[N, D]`, and `[N]` the last step in which each row had a gradient, 0 at first. */
export interface NaiveMoments {
  readonly m: Float64Array;
  readonly v: Float64Array;
  readonly last: Float64Array;
}

export function naiveLazyAdam(
  table: NaiveRows,
  { m, v, last }: NaiveMoments,
  step: number,
  options: {
    learningRate: number;
    beta1: number;
    beta2: number;
    epsilon: number;
    catchUp: boolean;
  },
): void {
  const { weights } = table;
  const { learningRate, beta1, beta2, epsilon, catchUp } = options;
  eachRow(table, (row, start, gradient) => {
    const missed = catchUp ? step - 1 - at(last, row) : 0;
    last[row] = step;
    gradient.forEach((g, d) => {
      const i = start + d;
      m[i] = at(m, i) * beta1 ** missed * beta1 + (1 - beta1) * g;
      v[i] = at(v, i) * beta2 ** missed * beta2 + (1 - beta2) * g * g;
      const rate = (learningRate * Math.sqrt(1 - beta2 ** step)) / (1 - beta1 ** step);
      weights[i] = at(weights, i) - (rate * at(m, i)) / (Math.sqrt(at(v, i)) + epsilon);
    });
  });
}
