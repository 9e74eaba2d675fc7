import { randomKey } from '@neverend/backend';
import {
  currentTolerance,
  expectLikeReference,
  type Inputs,
  normalInput,
  numbers,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { complexLinearScan } from '../src/index.ts';
import { numericGradients } from './numeric.ts';
import { rgLruArguments, rgLruCase } from './rg-lru/rg-lru-case.ts';
import { scanCase, shapes } from './scan/scan-case.ts';
import { convArguments, convCase } from './temporal-conv/conv-case.ts';

/** h = a h + x with complex numbers; `[2, rows, T, E]`, the real parts first. */
function complexScanNaive(
  { aRe, aIm, xRe, xIm, h0Re, h0Im }: Record<string, Float64Array>,
  [rows, steps, width]: readonly [number, number, number],
): Float64Array {
  const size = rows * steps * width;
  const y = new Float64Array(2 * size);
  for (let lane = 0; lane < rows * width; lane++) {
    let [re, im] = [h0Re?.[lane] ?? 0, h0Im?.[lane] ?? 0];
    for (let t = 0; t < steps; t++) {
      const at = (Math.floor(lane / width) * steps + t) * width + (lane % width);
      const [p, q] = [aRe?.[at] ?? 0, aIm?.[at] ?? 0];
      [re, im] = [p * re - q * im + (xRe?.[at] ?? 0), p * im + q * re + (xIm?.[at] ?? 0)];
      y[at] = re;
      y[size + at] = im;
    }
  }
  return y;
}

function complexScanCase(shape: readonly [number, number, number], tolerance: Tolerance): OpCase {
  const make = (name: string, of: readonly number[], scale = 1) =>
    normalInput(randomKey(name), of, scale);
  const state = [shape[0], shape[2]];
  const inputs: Inputs = {
    ...{ aRe: make('aRe', shape, 0.5), aIm: make('aIm', shape, 0.5) },
    ...{ xRe: make('xRe', shape), xIm: make('xIm', shape) },
    ...{ h0Re: make('h0Re', state), h0Im: make('h0Im', state) },
  };
  const naive = (arrays: Record<string, Float64Array>) => complexScanNaive(arrays, shape);
  const dy = make('dy', [2, ...shape]);
  return {
    op: (tensors) =>
      tf.tidy(() => {
        const pair = (name: string) => ({
          re: tensors[`${name}Re`] as tf.Tensor,
          im: tensors[`${name}Im`] as tf.Tensor,
        });
        const { y } = complexLinearScan(pair('a'), pair('x'), { h0: pair('h0') });
        return tf.stack([y.re, y.im]);
      }),
    inputs,
    dy,
    y: naive(numbers(inputs)),
    gradients: numericGradients(inputs, dy.data, naive),
    tolerance,
  };
}

/** Operations held against their references on the current backend; the tests of backend run them in browsers. */
export const opCases: readonly { readonly name: string; readonly check: () => Promise<void> }[] = [
  ...shapes.flatMap((shape) =>
    [false, true].map((reverse) => ({
      name: `linearScan of [${shape}]${reverse ? ', reversed' : ''}`,
      check: () => expectLikeReference(scanCase(shape, reverse, currentTolerance())),
    })),
  ),
  ...(
    [
      [1, 1, 1],
      [2, 7, 3],
      [3, 9, 5],
    ] as const
  ).map((shape) => ({
    name: `complexLinearScan of [${shape}]`,
    check: () => expectLikeReference(complexScanCase(shape, currentTolerance())),
  })),
  ...rgLruArguments.map((args) => ({
    name: `rgLru of [${args[0]}] with ${args[1]} heads`,
    check: () => expectLikeReference(rgLruCase(args, currentTolerance())),
  })),
  ...convArguments.map((args) => ({
    name: `temporalConv of [${args[0]}] with ${args[1]} taps`,
    check: () => expectLikeReference(convCase(args, currentTolerance())),
  })),
];
