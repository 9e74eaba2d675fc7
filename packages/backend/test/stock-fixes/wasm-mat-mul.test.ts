import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { setKernelMode, useBackend } from '../../src/index.ts';
import { registerWasmMatMul } from '../../src/stock-fixes/wasm-mat-mul.ts';
import { expectClose, expectNoLeak } from '../../src/testing/index.ts';

const { batch: stockMatMul, fused: stockFused } = {
  batch: tf.getKernel('BatchMatMul', 'wasm'),
  fused: tf.getKernel('_FusedMatMul', 'wasm'),
};

beforeAll(async () => {
  tf.env().set('PROD', true);
  await useBackend('wasm');
});

afterEach(() => {
  registerWasmMatMul();
});

/** What TensorFlow.js computes without the fix. */
function onStock<T>(compute: () => T): T {
  for (const kernel of [stockMatMul, stockFused]) {
    if (kernel === undefined) throw new Error('the stock kernels are gone');
    tf.unregisterKernel(kernel.kernelName, 'wasm');
    tf.registerKernel(kernel);
    kernel.setupFunc?.(tf.backend());
  }
  try {
    return compute();
  } finally {
    registerWasmMatMul();
  }
}

const values = (x: tf.Tensor) => [...x.dataSync()];

describe('fused matMul on wasm', () => {
  it('adds the bias of a batch once, not once per 48 columns', () => {
    const compute = () =>
      tf.fused.matMul({
        a: tf.ones<tf.Rank.R3>([2, 4, 100]),
        b: tf.ones<tf.Rank.R3>([2, 100, 4]),
        bias: tf.ones([4]),
      });
    expect(onStock(() => values(compute()))).toContain(103);
    expect(values(compute())).toEqual(new Array(32).fill(101));
  });

  it('clamps sums, not parts of sums, where b is transposed', () => {
    // The first 48 columns sum to -48 and the rest to 52: relu of the sum is 4.
    const row = Array.from({ length: 100 }, (_, k) => (k < 48 ? -1 : 1));
    const compute = () =>
      tf.fused.matMul({
        a: tf.ones([1, 100]) as tf.Tensor2D,
        b: tf.tensor2d([row]),
        transposeB: true,
        activation: 'relu',
      });
    expect(onStock(() => values(compute()))).toEqual([52]);
    expect(values(compute())).toEqual([4]);
  });

  it.each(['linear', 'relu', 'relu6', 'elu', 'sigmoid', 'leakyrelu', 'prelu'] as const)(
    'is the product, the bias and then %s, for every shape of bias',
    (activation) => {
      const a = tf.tensor3d([-3, 2, 0.5, 1, 2, -1, 4, 0.25], [2, 2, 2]);
      const b = tf.tensor3d([1, 2, -3, 0.5, 1, 4], [1, 2, 3]);
      const weights = tf.tensor1d([0.5, 0.25, 2]);
      const apply = (x: tf.Tensor): tf.Tensor => {
        switch (activation) {
          case 'linear':
            return x;
          case 'leakyrelu':
            return tf.leakyRelu(x, 0.3);
          case 'prelu':
            return tf.prelu(x, weights);
          default:
            return { relu: tf.relu, relu6: tf.relu6, elu: tf.elu, sigmoid: tf.sigmoid }[activation](
              x,
            );
        }
      };
      for (const shape of [[3], [1], [2, 3], [2, 1, 3], []]) {
        const bias = tf.reshape(tf.linspace(-1, 2, tf.util.sizeFromShape(shape)), shape);
        const fused = tf.fused.matMul({
          ...{ a, b, bias, activation, leakyreluAlpha: 0.3 },
          ...(activation === 'prelu' ? { preluActivationWeights: weights } : {}),
        });
        const expected = values(apply(tf.add(tf.matMul(a, b), bias)));
        expectClose(values(fused), expected);
      }
    },
  );

  it('keeps nothing of what lies between the product and its activation', async () => {
    const a = tf.ones([3, 5]) as tf.Tensor2D;
    const b = tf.ones([5, 2]) as tf.Tensor2D;
    const bias = tf.scalar(1);
    await expectNoLeak(() => {
      tf.fused.matMul({ a, b, bias, activation: 'elu' }).dispose();
    });
  });

  it('refuses int32 and says so', () => {
    const a = tf.ones([2, 2], 'int32') as tf.Tensor2D;
    expect(() => tf.fused.matMul({ a, b: a })).toThrow(
      'a and b of fused matMul must be float32 on wasm, and were int32 and int32',
    );
    expect(() => tf.matMul(a, a)).toThrow('a and b of matMul must be float32 on wasm');
  });

  it('refuses a bias that would widen the result', () => {
    const a = tf.ones([1, 2]) as tf.Tensor2D;
    expect(() =>
      tf.fused.matMul({ a, b: tf.ones([2, 1]) as tf.Tensor2D, bias: tf.ones([3, 3]) }),
    ).toThrow('the bias [3,3] of fused matMul must broadcast to [1,1,1]');
  });
});

describe('matMul on wasm', () => {
  it('reads the second factor anew after it was written in place', () => {
    const compute = () => {
      const a = tf.ones([4, 8]) as tf.Tensor2D;
      const b = tf.variable(tf.ones([8, 2]));
      tf.matMul(a, b as unknown as tf.Tensor2D).dispose();
      const backend = tf.backend() as unknown as {
        typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
      };
      backend.typedArrayFromHeap(b).fill(2);
      return values(tf.matMul(a, b as unknown as tf.Tensor2D));
    };
    expect(onStock(compute)).toEqual(new Array(8).fill(8));
    expect(compute()).toEqual(new Array(8).fill(16));
  });

  it('is the stock one where composites are forced, and fused products are right on it', () => {
    const a = tf.ones([4, 100]) as tf.Tensor2D;
    const b = tf.variable(tf.ones([100, 4]));
    const product = () => values(tf.matMul(a, b as unknown as tf.Tensor2D))[0];
    setKernelMode('composite');
    try {
      expect(product()).toBe(100);
      const backend = tf.backend() as unknown as {
        typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
      };
      backend.typedArrayFromHeap(b).fill(2);
      // What tells the stock kernel from ours: it goes on with the b that it packed.
      expect(product()).toBe(100);
      const fused = tf.fused.matMul({
        ...{ a, b: tf.ones([4, 100]) as tf.Tensor2D, transposeB: true },
        ...{ bias: tf.ones([4]), activation: 'relu6' },
      });
      expect(values(fused)).toEqual(new Array(16).fill(6));
    } finally {
      setKernelMode(undefined);
    }
    expect(product()).toBe(200);
  });

  it('broadcasts every dimension of the batch', () => {
    const a = tf.tensor([1, 2], [2, 1, 1, 1]);
    const b = tf.tensor([10, 20, 30], [3, 1, 1]);
    expect(values(tf.matMul(a, b))).toEqual([10, 20, 30, 20, 40, 60]);
  });
});

it('registers itself once, without a warning that a kernel was there before', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  onStock(() => undefined);
  const before = warn.mock.calls.length;
  registerWasmMatMul();
  const kernel = tf.getKernel('BatchMatMul', 'wasm');
  registerWasmMatMul();
  expect(tf.getKernel('BatchMatMul', 'wasm')).toBe(kernel);
  expect(warn.mock.calls.length).toBe(before);
  warn.mockRestore();
});
