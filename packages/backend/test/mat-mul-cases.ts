import * as tf from '@tensorflow/tfjs-core';
import { randomKey } from '../src/index.ts';
import { expectTensorClose } from '../src/testing/expect-close.ts';
import { expectNoLeak } from '../src/testing/expect-no-leak.ts';
import type { NamedCase } from '../src/testing/op-case.ts';
import { expectLikeReference, normalInput, toTensors } from '../src/testing/op-case.ts';
import { currentTolerance } from '../src/testing/tolerance.ts';
import {
  matMulBackwardNaive,
  matMulNaive,
  type Product,
  productShapes,
  transposes,
} from './naive-mat-mul.ts';

/** Single numbers, odd sizes, more columns than a block has, batches of both factors and of one. */
const sizes = [
  { batchA: [], batchB: [], m: 1, k: 1, n: 1 },
  { batchA: [], batchB: [], m: 67, k: 130, n: 37 },
  { batchA: [3], batchB: [3], m: 9, k: 17, n: 5 },
  { batchA: [3], batchB: [], m: 4, k: 70, n: 33 },
  { batchA: [], batchB: [2], m: 5, k: 3, n: 2 },
];
const products: readonly Product[] = sizes.flatMap((size) =>
  transposes.map((how) => ({ ...size, ...how })),
);

const titleOf = ({ batchA, batchB, m, k, n, transposeA, transposeB }: Product): string =>
  `[${[...batchA, m, k]}]${transposeA ? "'" : ''} by [${[...batchB, k, n]}]${transposeB ? "'" : ''}`;

const inputsOf = (product: Product) => {
  const { a, b } = productShapes(product);
  return { a: normalInput(randomKey('a'), a), b: normalInput(randomKey('b'), b) };
};

async function checkMatMul(product: Product): Promise<void> {
  const inputs = inputsOf(product);
  const [a, b] = [inputs.a.data, inputs.b.data];
  const { shape, data } = matMulNaive(a, b, product);
  const dy = normalInput(randomKey('dy'), shape);
  await expectLikeReference({
    op: ({ a, b }) =>
      tf.matMul(a as tf.Tensor, b as tf.Tensor, product.transposeA, product.transposeB),
    inputs,
    dy,
    y: data,
    gradients: matMulBackwardNaive(a, b, dy.data, product),
    tolerance: currentTolerance(),
  });
}

/** As TensorFlow.js defines them; its leaky ReLU has the slope 0.2 below 0. */
const activations = {
  linear: (x: number) => x,
  relu: (x: number) => Math.max(x, 0),
  relu6: (x: number) => Math.min(Math.max(x, 0), 6),
  elu: (x: number) => (x < 0 ? Math.expm1(x) : x),
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  leakyrelu: (x: number) => (x < 0 ? 0.2 * x : x),
};
type Activation = keyof typeof activations;

const fused = (
  tensors: Readonly<Record<string, tf.Tensor>>,
  { transposeA, transposeB }: Product,
  activation: Activation,
): tf.Tensor =>
  tf.fused.matMul({
    ...{ a: tensors['a'] as tf.Tensor, b: tensors['b'] as tf.Tensor, transposeA, transposeB },
    ...{ bias: tensors['bias'] as tf.Tensor, activation },
  });

/** A product with a bias in every row, the one before the activation. */
function biased(product: Product) {
  const inputs = { ...inputsOf(product), bias: normalInput(randomKey('bias'), [product.n]) };
  const { shape, data } = matMulNaive(inputs.a.data, inputs.b.data, product);
  const sum = data.map((value, at) => value + (inputs.bias.data[at % product.n] ?? 0));
  return { inputs, shape, sum };
}

async function checkFused(product: Product, activation: 'linear' | 'relu'): Promise<void> {
  const { inputs, shape, sum } = biased(product);
  const dy = normalInput(randomKey('dy'), shape);
  const dSum = dy.data.map((d, at) => (activation === 'relu' && (sum[at] ?? 0) <= 0 ? 0 : d));
  const dBias = new Float64Array(product.n);
  dSum.forEach((d, at) => {
    dBias[at % product.n] = (dBias[at % product.n] ?? 0) + d;
  });
  await expectLikeReference({
    op: (tensors) => fused(tensors, product, activation),
    inputs,
    dy,
    y: sum.map(activations[activation]),
    gradients: {
      ...matMulBackwardNaive(inputs.a.data, inputs.b.data, dSum, product),
      bias: dBias,
    },
    tolerance: currentTolerance(),
  });
}

/** TensorFlow.js has no gradient of a fused product with these. */
async function checkForward(product: Product, activation: Activation): Promise<void> {
  const { inputs, shape, sum } = biased(product);
  await expectNoLeak(async () => {
    const tensors = toTensors(inputs);
    const y = fused(tensors, product, activation);
    try {
      await expectTensorClose(y, { shape, data: sum.map(activations[activation]) });
    } finally {
      tf.dispose([tensors, y]);
    }
  });
}

export const matMulCases: readonly NamedCase[] = [
  ...products.flatMap((product) => {
    const title = titleOf(product);
    return [
      { name: `matMul of ${title}`, check: () => checkMatMul(product) },
      {
        name: `fused matMul of ${title} with bias and relu`,
        check: () => checkFused(product, 'relu'),
      },
    ];
  }),
  ...sizes.map((size) => {
    const product = { ...size, transposeA: false, transposeB: false };
    return {
      name: `fused matMul of ${titleOf(product)} with bias`,
      check: () => checkFused(product, 'linear'),
    };
  }),
  ...(['relu6', 'elu', 'sigmoid', 'leakyrelu'] as const).map((activation) => ({
    name: `fused matMul with bias and ${activation}`,
    check: () =>
      checkForward(
        { batchA: [3], batchB: [3], m: 9, k: 17, n: 5, transposeA: false, transposeB: true },
        activation,
      ),
  })),
];
