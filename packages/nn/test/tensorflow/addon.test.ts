import { randomKey } from '@neverend/backend';
import { loadAddon } from '@neverend/backend/kernels';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
  setAddonThreads,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  gatherRows,
  gelu,
  geluGrad,
  layerNorm,
  layerNormGrad,
  rmsNorm,
  rmsNormGrad,
  scatterAddRows,
  softmax,
  softmaxGrad,
} from './addon-ops.ts';

/** [rows, D]: single elements, lengths around a vector's, more rows than 16 bits count, and enough for two threads. */
const shapes = [
  [1, 1],
  [1, 7],
  [3, 1],
  [5, 17],
  [2, 3, 33],
  [65_537, 1],
  [70_000, 3],
  [301, 770],
];

interface Case {
  readonly rows: number;
  readonly width: number;
  readonly x: tf.Tensor;
  readonly dy: tf.Tensor;
  readonly gain: tf.Tensor;
  readonly offset: tf.Tensor;
}

const key = randomKey(11, 'addon');

/** Values of order one, times `scale`. */
function makeCase(shape: number[], scale = 1): Case {
  const width = shape.at(-1) ?? 1;
  const make = (name: string, dims: number[]): tf.Tensor =>
    tf.mul(randomTensor(randomKey(11, name), dims), scale);
  return {
    rows: shape.slice(0, -1).reduce((product, dim) => product * dim, 1),
    width,
    x: make('x', shape),
    dy: make('dy', shape),
    gain: make('gain', [width]),
    offset: make('offset', [width]),
  };
}

const doubles = (x: tf.Tensor): Float64Array => Float64Array.from(x.dataSync());

/** Calls `work` with each row of the values. */
function eachRow(
  { rows, width }: Case,
  work: (row: number, at: number, columns: readonly number[]) => void,
): void {
  const columns = Array.from({ length: width }, (_, j) => j);
  for (let row = 0; row < rows; row++) work(row, row * width, columns);
}

/** erfc by its continued fraction or series in float64; relative error below 1e-12 where it is used. */
function normalShare(x: number): number {
  const t = Math.abs(x) / Math.SQRT2;
  let tail: number;
  if (t < 3) {
    let term = t;
    let sum = t;
    for (let n = 1; n < 100; n++) {
      term *= (-t * t) / n;
      sum += term / (2 * n + 1);
    }
    tail = 1 - (2 / Math.sqrt(Math.PI)) * sum;
  } else {
    let fraction = 0;
    for (let n = 60; n > 0; n--) fraction = n / 2 / (t + fraction);
    tail = Math.exp(-t * t) / Math.sqrt(Math.PI) / (t + fraction);
  }
  return x < 0 ? tail / 2 : 1 - tail / 2;
}

const geluOf = {
  tanh: (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  erf: (x: number) => x * normalShare(x),
};

const geluSlope = {
  tanh: (x: number) => {
    const t = Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
    const inner = Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner;
  },
  erf: (x: number) => normalShare(x) + (x * Math.exp(-(x * x) / 2)) / Math.sqrt(2 * Math.PI),
};

/** Sums over rows lose sqrt(rows) roundings of their largest partial sum. */
const sumTolerance = (rows: number): { rtol: number; atol: number } => ({
  rtol: 2e-5,
  atol: 5e-6 * Math.max(1, Math.sqrt(rows)),
});

await describeBackends(
  'the ops in C++',
  () => describe.runIf(loadAddon().available)('of this package', suite),
  ['tensorflow'],
);

function suite(): void {
  afterEach(() => {
    const status = loadAddon();
    setAddonThreads(status.available ? status.threads : 1);
  });

  describe.each(['tanh', 'erf'] as const)('GELU by %s', (form) => {
    const approximate = form === 'tanh';

    it.each(shapes)('of x + bias is right for [%i, %i, …]', async (...shape) => {
      const made = makeCase(shape, 2);
      const x = doubles(made.x);
      const dy = doubles(made.dy);
      const bias = doubles(made.offset);
      const y = new Float64Array(x.length);
      const dx = new Float64Array(x.length);
      const dbias = new Float64Array(made.width);
      eachRow(made, (_, at, columns) => {
        for (const j of columns) {
          const value = (x[at + j] ?? 0) + (bias[j] ?? 0);
          const slope = (dy[at + j] ?? 0) * geluSlope[form](value);
          y[at + j] = geluOf[form](value);
          dx[at + j] = slope;
          dbias[j] = (dbias[j] ?? 0) + slope;
        }
      });
      await expectTensorClose(gelu(made.x, made.offset, approximate), { shape, data: y });
      const gradients = geluGrad(made.dy, made.x, made.offset, approximate);
      await expectTensorClose(gradients.dx, { shape, data: dx });
      const sum = gradients.dbias as tf.Tensor;
      await expectTensorClose(sum, { shape: [made.width], data: dbias }, sumTolerance(made.rows));
    });

    it('without a bias is right, also far from 0', async () => {
      const values = [-1e30, -90, -12.5, -6, -3.3, -0.1, -0, 0, 1e-20, 0.7, 4.1, 9, 88, 1e30];
      const x = tf.tensor1d(values);
      const y = gelu(x, null, approximate);
      await expectTensorClose(y, { shape: [14], data: values.map(geluOf[form]) });
      const { dx, dbias } = geluGrad(tf.onesLike(x), x, null, approximate);
      // Beyond this both slopes are 0 or 1 exactly; the oracle's own cubes overflow.
      const inner = values.map((value) => Math.max(-50, Math.min(50, value)));
      await expectTensorClose(dx, { shape: [14], data: inner.map(geluSlope[form]) });
      expect(dbias).toBeNull();
    });
  });

  it.each(shapes)('softmax is right for [%i, %i, …]', async (...shape) => {
    const made = makeCase(shape, 5);
    const x = doubles(made.x);
    const dy = doubles(made.dy);
    const y = new Float64Array(x.length);
    const dx = new Float64Array(x.length);
    eachRow(made, (_, at, columns) => {
      const largest = Math.max(...columns.map((j) => x[at + j] ?? 0));
      const powers = columns.map((j) => Math.exp((x[at + j] ?? 0) - largest));
      const sum = powers.reduce((total, power) => total + power, 0);
      for (const j of columns) y[at + j] = (powers[j] ?? 0) / sum;
      const inner = columns.reduce((total, j) => total + (dy[at + j] ?? 0) * (y[at + j] ?? 0), 0);
      for (const j of columns) dx[at + j] = (y[at + j] ?? 0) * ((dy[at + j] ?? 0) - inner);
    });
    const result = softmax(made.x);
    await expectTensorClose(result, { shape, data: y });
    await expectTensorClose(softmaxGrad(made.dy, result), { shape, data: dx });
  });

  it('softmax gives 0 to minus infinity, takes large values, and passes NaN on', async () => {
    const x = tf.tensor2d([
      [0, Number.NEGATIVE_INFINITY, 0],
      [1e30, 1e30, -1e30],
    ]);
    const data = [0.5, 0, 0.5, 0.5, 0.5, 0];
    await expectTensorClose(softmax(x), { shape: [2, 3], data });
    const spoilt = await softmax(tf.tensor2d([[1, Number.NaN, 2]])).data();
    expect([...spoilt]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  it.each(shapes)('layer norm is right for [%i, %i, …]', async (...shape) => {
    const made = makeCase(shape);
    const [x, dy, gain, offset] = [made.x, made.dy, made.gain, made.offset].map(doubles) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const epsilon = 0.1;
    const y = new Float64Array(x.length);
    const dx = new Float64Array(x.length);
    const dgain = new Float64Array(made.width);
    const doffset = new Float64Array(made.width);
    const rms = { y: y.slice(), dx: y.slice(), dgain: dgain.slice() };
    const mean = (values: readonly number[]): number =>
      values.reduce((total, value) => total + value, 0) / values.length;
    eachRow(made, (_, at, columns) => {
      const values = columns.map((j) => x[at + j] ?? 0);
      const inner = columns.map((j) => (dy[at + j] ?? 0) * (gain[j] ?? 0));
      const norm = (centre: number, out: typeof rms, shift: Float64Array | null): void => {
        const centred = values.map((value) => value - centre);
        const rstd = 1 / Math.sqrt(mean(centred.map((value) => value ** 2)) + epsilon);
        const h = centred.map((value) => value * rstd);
        const product = mean(inner.map((g, j) => g * (h[j] ?? 0)));
        for (const j of columns) {
          const d = dy[at + j] ?? 0;
          const hat = h[j] ?? 0;
          out.y[at + j] = hat * (gain[j] ?? 0) + (shift?.[j] ?? 0);
          out.dx[at + j] = rstd * ((inner[j] ?? 0) - (shift ? mean(inner) : 0) - hat * product);
          out.dgain[j] = (out.dgain[j] ?? 0) + d * hat;
          if (shift) doffset[j] = (doffset[j] ?? 0) + d;
        }
      };
      norm(mean(values), { y, dx, dgain }, offset);
      norm(0, rms, null);
    });
    const sums = sumTolerance(made.rows);
    const layer = layerNorm(made.x, made.gain, made.offset, epsilon);
    await expectTensorClose(layer.y, { shape, data: y });
    const d = layerNormGrad(made.dy, made.x, made.gain, layer.mean, layer.rstd);
    await expectTensorClose(d.dx, { shape, data: dx });
    await expectTensorClose(d.dgain, { shape: [made.width], data: dgain }, sums);
    await expectTensorClose(d.doffset, { shape: [made.width], data: doffset }, sums);
    const root = rmsNorm(made.x, made.gain, epsilon);
    await expectTensorClose(root.y, { shape, data: rms.y });
    const r = rmsNormGrad(made.dy, made.x, made.gain, root.rstd);
    await expectTensorClose(r.dx, { shape, data: rms.dx });
    await expectTensorClose(r.dgain, { shape: [made.width], data: rms.dgain }, sums);
  });

  it.each([
    { n: 1, d: 1, k: 3 },
    { n: 5, d: 7, k: 0 },
    { n: 70_000, d: 3, k: 66_001 },
    { n: 300, d: 257, k: 1000 },
  ])('rows are gathered and added for n $n, d $d, k $k', async ({ n, d, k }) => {
    const table = randomTensor(key, [n, d]);
    const rows = randomTensor(randomKey(3, 'rows'), [k, d]);
    // Most rows come up several times where k is larger than n.
    const numbers = Int32Array.from({ length: k }, (_, i) => (i * 7919 + (i >> 3)) % n);
    const indices = tf.tensor1d(numbers, 'int32');
    const before = doubles(table);
    const added = doubles(rows);
    const gathered = new Float64Array(k * d);
    const after = before.slice();
    for (const [at, number] of numbers.entries()) {
      for (let j = 0; j < d; j++) {
        gathered[at * d + j] = before[number * d + j] ?? 0;
        const to = number * d + j;
        after[to] = (after[to] ?? 0) + (added[at * d + j] ?? 0);
      }
    }
    await expectTensorClose(gatherRows(table, indices), { shape: [k, d], data: gathered });
    scatterAddRows(table, indices, rows);
    await expectTensorClose(table, { shape: [n, d], data: after });
  });

  it('added rows come to the same bits on any number of threads', async () => {
    const indices = tf.tensor1d(
      Int32Array.from({ length: 20_000 }, (_, i) => (i * i) % 97),
      'int32',
    );
    const rows = randomTensor(key, [20_000, 16]);
    const sums = [1, 2, 5].map((threads) => {
      setAddonThreads(threads);
      const table = tf.zeros([97, 16]);
      scatterAddRows(table, indices, rows);
      return [...table.dataSync()];
    });
    expect(sums[1]).toEqual(sums[0]);
    expect(sums[2]).toEqual(sums[0]);
  });

  it.each([1, 2, 3, 8])('sums over rows are right on %i threads', async (threads) => {
    setAddonThreads(threads);
    const ones = tf.ones([1000, 333]);
    const none = tf.zeros([333]);
    const { dbias } = geluGrad(ones, tf.zeros([1000, 333]), none, true);
    await expectTensorClose(dbias as tf.Tensor, {
      shape: [333],
      data: new Float64Array(333).fill(500),
    });
  });

  it.each([-1, 3])('an index of %i is an error, and nothing is written', async (index) => {
    const table = tf.zeros([3, 2]);
    const indices = tf.tensor1d([0, index], 'int32');
    const message = `indices[1] was ${index}; it must be at least 0 and below the 3 rows of table`;
    expect(() => gatherRows(table, indices)).toThrow(message);
    expect(() => scatterAddRows(table, indices, tf.ones([2, 2]))).toThrow(message);
    await expectTensorClose(table, { shape: [3, 2], data: new Float64Array(6) });
  });

  it('shapes that do not fit are errors', () => {
    const x = tf.ones([2, 3]);
    const short = tf.ones([2]);
    expect(() => gelu(x, short, true)).toThrow('bias must be [D]');
    expect(() => layerNorm(x, short, tf.ones([3]), 0)).toThrow('gain must be [D]');
    expect(() => layerNorm(x, tf.ones([3]), short, 0)).toThrow('offset must be [D]');
    expect(() => softmaxGrad(short, x)).toThrow('dy must have the shape of y');
    const indices = tf.tensor1d([0], 'int32');
    expect(() => scatterAddRows(x, indices, tf.ones([1, 2]))).toThrow('rows must be [K, D]');
    expect(() => gatherRows(short, indices)).toThrow('table must be [N, D]');
  });

  it('takes tensors without elements', async () => {
    const x = tf.zeros([0, 4]);
    const gain = tf.ones([4]);
    expect(gelu(x, gain, false).shape).toEqual([0, 4]);
    expect(softmax(x).shape).toEqual([0, 4]);
    expect(softmax(tf.zeros([3, 0])).shape).toEqual([3, 0]);
    const { mean, rstd } = layerNorm(x, gain, gain, 0.1);
    const { dgain } = layerNormGrad(x, x, gain, mean, rstd);
    await expectTensorClose(dgain, { shape: [4], data: [0, 0, 0, 0] });
  });

  it('leaks nothing', async () => {
    const x = tf.ones([3, 5]);
    await expectNoLeak(() => {
      gelu(x, null, true).dispose();
      geluGrad(x, x, null, true).dx.dispose();
    });
  });
}
