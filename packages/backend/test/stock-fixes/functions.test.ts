// In a process of its own: it takes kernels as TensorFlow.js registers them.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '../../src/testing/index.ts';
import { withKernel } from './stock.ts';

/** 2 / sqrt(pi) times the integral of exp(-t²), by its series, and beyond 3 by a continued fraction. */
function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 3) {
    let fraction = 0;
    for (let k = 200; k > 0; k--) fraction = k / 2 / (a + fraction);
    return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const [scale, alpha] = [1.0507009873554805, 1.6732632423543772];

/** From 1e-20 to 80, three a decade. */
const grid = Array.from({ length: 66 }, (_, step) => 10 ** (step / 3 - 20)).filter((x) => x < 80);
const bothSigns = [...grid, ...grid.map((x) => -x)];
const below1 = bothSigns.filter((x) => Math.abs(x) < 1);
const near1 = below1.filter((x) => x > 1e-6).flatMap((x) => [1 - x, x - 1]);

// As TensorFlow.js registers them, before any backend is started.
const stockSign = tf.getKernel('Sign', 'wasm');
const stockPrelu = tf.getKernel('Prelu', 'wasm');

interface Case {
  readonly op: (x: tf.Tensor) => tf.Tensor;
  readonly exact: (x: number) => number;
  readonly at: readonly number[];
  /** Backends on which the stock kernel loses digits. */
  readonly lossy: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  Softplus: { op: tf.softplus, exact: softplus, at: bothSigns, lossy: ['webgpu'] },
  Expm1: { op: tf.expm1, exact: Math.expm1, at: bothSigns, lossy: ['webgpu'] },
  Log1p: {
    op: tf.log1p,
    exact: Math.log1p,
    at: [...bothSigns.filter((x) => x > -1), ...near1.filter((x) => x < 0)],
    lossy: ['webgpu', 'wasm'],
  },
  Sin: { op: tf.sin, exact: Math.sin, at: bothSigns, lossy: ['webgpu', 'wasm'] },
  Cos: { op: tf.cos, exact: Math.cos, at: bothSigns, lossy: ['webgpu'] },
  Tan: { op: tf.tan, exact: Math.tan, at: bothSigns, lossy: ['webgpu'] },
  Tanh: { op: tf.tanh, exact: Math.tanh, at: bothSigns, lossy: ['webgpu'] },
  Sinh: { op: tf.sinh, exact: Math.sinh, at: bothSigns, lossy: ['webgpu'] },
  Exp: { op: tf.exp, exact: Math.exp, at: bothSigns, lossy: [] },
  Log: { op: tf.log, exact: Math.log, at: grid, lossy: [] },
  Cosh: { op: tf.cosh, exact: Math.cosh, at: bothSigns, lossy: [] },
  Asinh: {
    op: tf.asinh,
    exact: Math.asinh,
    at: [...bothSigns, 1e6, -1e6, 1e25],
    lossy: ['webgpu'],
  },
  Acosh: {
    op: tf.acosh,
    exact: Math.acosh,
    at: [...grid.map((x) => 1 + x), 1e6, 1e25],
    lossy: ['webgpu'],
  },
  Atanh: { op: tf.atanh, exact: Math.atanh, at: [...below1, ...near1], lossy: ['webgpu'] },
  Acos: { op: tf.acos, exact: Math.acos, at: [...below1, ...near1], lossy: ['webgpu'] },
  Sigmoid: { op: tf.sigmoid, exact: (x) => 1 / (1 + Math.exp(-x)), at: bothSigns, lossy: [] },
  Erf: { op: tf.erf, exact: erf, at: bothSigns, lossy: ['webgpu', 'cpu'] },
  Elu: {
    op: tf.elu,
    exact: (x) => (x < 0 ? Math.expm1(x) : x),
    at: bothSigns,
    lossy: ['webgpu', 'cpu', 'tensorflow'],
  },
  Selu: {
    op: tf.selu,
    exact: (x) => scale * (x < 0 ? alpha * Math.expm1(x) : x),
    at: bothSigns,
    lossy: ['webgpu', 'cpu', 'wasm', 'tensorflow'],
  },
};

// One rounding is 6e-8; WGSL grants its exp an error of 3 + 2|x| of them.
const tolerance = { rtol: 1e-5, atol: 0 };

await describeBackends('functions of one number', (backend) => {
  // No kernel of this backend has been replaced so far only where the backend is new; those of the others are looked up here.
  const stock = Object.fromEntries(
    Object.keys(cases).map((name) => [name, tf.getKernel(name, backend)]),
  );

  beforeAll(() => poisonMemory());

  describe.each(Object.keys(cases))('%s', (name) => {
    const { op, exact, at, lossy } = cases[name] as Case;

    it('keeps its digits near 0, and where its terms cancel', async () => {
      const x = tf.tensor1d(at as number[]);
      // The exact values are those of the numbers as they are in float32.
      const expected = Array.from(await x.data(), exact);
      await expectTensorClose(op(x), expected, tolerance);
      await expectNoLeak(() => op(x).dispose());
      if (!lossy.includes(backend)) return;
      const lost = withKernel(stock[name] as tf.KernelConfig, () => op(x));
      await expect(expectTensorClose(lost, expected, tolerance)).rejects.toThrow('are off');
    });

    it('carries a NaN', async () => {
      const [value] = await op(tf.tensor1d([Number.NaN])).data();
      expect(value).toBeNaN();
    });
  });

  it('have signs, however small', async () => {
    const x = tf.tensor1d([...bothSigns, 0, -0]);
    await expectTensorClose(tf.sign(x), [...bothSigns, 0, 0].map(Math.sign));
    if (backend !== 'wasm') return;
    const wrong = withKernel(stockSign, () => tf.sign(x));
    await expect(expectTensorClose(wrong, await tf.sign(x).data())).rejects.toThrow('are off');
  });

  it('have slopes along any axis', async () => {
    const x = tf.tensor3d([-1, 2, -3, 4, -5, -6, 7, -8], [2, 2, 2]);
    for (const [slopes, shape, expected] of [
      [[0.5, 2], [2], [-0.5, 2, -1.5, 4, -2.5, -12, 7, -16]],
      [
        [0.5, 2],
        [2, 1],
        [-0.5, 2, -6, 4, -2.5, -3, 7, -16],
      ],
      [
        [0.5, 2],
        [2, 1, 1],
        [-0.5, 2, -1.5, 4, -10, -12, 7, -16],
      ],
      [
        [0.5, 1, 2, 3],
        [2, 1, 2],
        [-0.5, 2, -1.5, 4, -10, -18, 7, -24],
      ],
    ] as const) {
      const alpha = tf.tensor([...slopes], [...shape]);
      await expectTensorClose(tf.prelu(x, alpha), [...expected]);
      await expectNoLeak(() => tf.prelu(x, alpha).dispose());
    }
    if (backend !== 'wasm') return;
    const rows = () => tf.prelu(x as tf.Tensor, tf.tensor2d([0.5, 2], [2, 1]));
    const wrong = withKernel(stockPrelu, rows);
    await expect(expectTensorClose(wrong, await rows().data())).rejects.toThrow('are off');
  });

  it('are 0, infinite or not a number at the ends', async () => {
    const ends = tf.tensor1d([0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    const infinity = Number.POSITIVE_INFINITY;
    await expectTensorClose(tf.softplus(ends), [Math.LN2, infinity, 0], tolerance);
    await expectTensorClose(tf.expm1(ends), [0, infinity, -1]);
    await expectTensorClose(tf.tanh(ends), [0, 1, -1]);
    await expectTensorClose(tf.elu(ends), [0, infinity, -1]);
    await expectTensorClose(tf.log1p(tf.tensor1d([0, -1])), [0, -infinity]);
    await expectTensorClose(tf.atanh(tf.tensor1d([1, -1])), [infinity, -infinity]);
    for (const y of [tf.acosh(tf.scalar(0.5)), tf.atanh(tf.scalar(2)), tf.acos(tf.scalar(-2))]) {
      expect((await y.data())[0]).toBeNaN();
    }
  });

  it('are those of composites too', async () => {
    const x = tf.tensor1d([-60, -14, -10, -1, -1e-6, 1e-6, 10, 60]);
    const values = Array.from(await x.data());
    await expectTensorClose(
      tf.logSigmoid(x),
      values.map((v) => -softplus(-v)),
      tolerance,
    );
    await expectTensorClose(
      tf.mul(x, tf.tanh(tf.softplus(x))),
      values.map((v) => v * Math.tanh(softplus(v))),
      tolerance,
    );
  });
});
