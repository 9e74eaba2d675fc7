import { CholeskyDecomposition, Matrix } from 'ml-matrix';

/** Examples of a linear classifier. */
interface Examples {
  readonly inputs: readonly Float64Array[];
  readonly labels: readonly number[];
}

/** The share of the test's examples that a linear classifier names rightly, fitted to one-hot targets by ridge regression on normalised inputs. */
export function ridgeAccuracy(train: Examples, test: Examples, classes: number): number {
  const raw = new Matrix(train.inputs);
  const mean = raw.mean('column');
  const variance = raw.variance('column', { mean, unbiased: false });
  const scale = variance.map((value) => Math.sqrt(value + 1e-12));
  const normalised = (inputs: Examples['inputs']) =>
    new Matrix(inputs).subRowVector(mean).divRowVector(scale);
  const x = normalised(train.inputs);
  const targets = Matrix.zeros(x.rows, classes);
  for (const [row, label] of train.labels.entries()) targets.set(row, label, 1);
  const gram = x
    .transpose()
    .mmul(x)
    .add(Matrix.eye(x.columns, x.columns, 0.1 * x.rows));
  const weights = new CholeskyDecomposition(gram).solve(x.transpose().mmul(targets));
  const scores = normalised(test.inputs).mmul(weights);
  const right = test.labels.filter((label, row) => scores.maxRowIndex(row)[1] === label);
  return right.length / test.labels.length;
}
