/** Examples of a linear classifier. */
interface Examples {
  readonly inputs: readonly Float64Array[];
  readonly labels: readonly number[];
}

/** The share of the test's examples that a linear classifier names rightly, fitted to one-hot targets by ridge regression on normalised inputs. */
export function ridgeAccuracy(train: Examples, test: Examples, classes: number): number {
  const width = train.inputs[0]?.length ?? 0;
  const count = train.inputs.length;
  const mean = new Float64Array(width);
  const scale = new Float64Array(width);
  for (const input of train.inputs)
    for (let i = 0; i < width; i++) mean[i] = at(mean, i) + at(input, i) / count;
  for (const input of train.inputs) {
    for (let i = 0; i < width; i++)
      scale[i] = at(scale, i) + (at(input, i) - at(mean, i)) ** 2 / count;
  }
  const normalised = (input: Float64Array) =>
    input.map((value, i) => (value - at(mean, i)) / Math.sqrt(at(scale, i) + 1e-12));
  const gram = Array.from({ length: width }, () => new Float64Array(width));
  const target = Array.from({ length: width }, () => new Float64Array(classes));
  for (const [index, raw] of train.inputs.entries()) {
    const input = normalised(raw);
    const label = train.labels[index] as number;
    for (let i = 0; i < width; i++) {
      const [row, value] = [gram[i] as Float64Array, at(input, i)];
      for (let j = 0; j <= i; j++) row[j] = at(row, j) + value * at(input, j);
      (target[i] as Float64Array)[label] = at(target[i] as Float64Array, label) + value;
    }
  }
  for (let i = 0; i < width; i++)
    (gram[i] as Float64Array)[i] = at(gram[i] as Float64Array, i) + 0.1 * count;
  const weights = solve(gram, target, classes);
  let right = 0;
  for (const [index, raw] of test.inputs.entries()) {
    const input = normalised(raw);
    const scores = Array.from({ length: classes }, (_, label) =>
      input.reduce((sum, value, i) => sum + value * at(weights[i] as Float64Array, label), 0),
    );
    if (scores.indexOf(Math.max(...scores)) === test.labels[index]) right++;
  }
  return right / test.inputs.length;
}

/** Solves for a symmetric positive matrix, whose lower half is given and overwritten, by Cholesky's factors. */
function solve(matrix: Float64Array[], right: Float64Array[], columns: number): Float64Array[] {
  const size = matrix.length;
  const entry = (i: number, j: number) => at(matrix[i] as Float64Array, j);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = entry(i, j);
      for (let k = 0; k < j; k++) sum -= entry(i, k) * entry(j, k);
      (matrix[i] as Float64Array)[j] = i === j ? Math.sqrt(sum) : sum / entry(j, j);
    }
  }
  const solved = right.map((row) => row.slice());
  const value = (i: number, column: number) => at(solved[i] as Float64Array, column);
  for (let column = 0; column < columns; column++) {
    for (let i = 0; i < size; i++) {
      let sum = value(i, column);
      for (let k = 0; k < i; k++) sum -= entry(i, k) * value(k, column);
      (solved[i] as Float64Array)[column] = sum / entry(i, i);
    }
    for (let i = size - 1; i >= 0; i--) {
      let sum = value(i, column);
      for (let k = i + 1; k < size; k++) sum -= entry(k, i) * value(k, column);
      (solved[i] as Float64Array)[column] = sum / entry(i, i);
    }
  }
  return solved;
}

const at = (values: Float64Array, index: number): number => values[index] as number;
