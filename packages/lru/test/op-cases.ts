import { randomKey } from '@neverend/backend';
import {
  currentTolerance,
  expectLikeReference,
  type Inputs,
  normalInput,
  numbers,
  numericGradients,
  type OpCase,
  type Tolerance,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { complexLinearScan, initResidualBlock, residualBlock } from '../src/index.ts';
import { type ComplexScanInputs, complexLinearScanNaive } from '../src/scan/naive.ts';
import {
  gatedRecurrenceCase,
  recurrenceArguments,
} from './gated-recurrence/gated-recurrence-case.ts';
import { blockCase } from './residual-block/block-case.ts';
import { residualBlockNaive } from './residual-block/naive.ts';
import { rgLruArguments, rgLruCase } from './rg-lru/rg-lru-case.ts';
import { gateShapes, gatesCase } from './rg-lru-gates/gates-case.ts';
import { scanCase, shapes } from './scan/scan-case.ts';
import { convArguments, convCase } from './temporal-conv/conv-case.ts';

function complexScanCase(shape: readonly [number, number, number], tolerance: Tolerance): OpCase {
  const make = (name: string, of: readonly number[], scale = 1) =>
    normalInput(randomKey(name), of, scale);
  const state = [shape[0], shape[2]];
  const inputs: Inputs = {
    ...{ aRe: make('aRe', shape, 0.5), aIm: make('aIm', shape, 0.5) },
    ...{ xRe: make('xRe', shape), xIm: make('xIm', shape) },
    ...{ h0Re: make('h0Re', state), h0Im: make('h0Im', state) },
  };
  const naive = (arrays: Record<string, Float64Array>) => {
    const { re, im } = complexLinearScanNaive(arrays as ComplexScanInputs, shape, false);
    return Float64Array.of(...re, ...im);
  };
  const dy = make('dy', [2, ...shape]);
  return {
    op: (tensors) =>
      tf.tidy(() => {
        const pair = (name: string) => ({
          re: tensors[`${name}Re`] as tf.Tensor,
          im: tensors[`${name}Im`] as tf.Tensor,
        });
        const { y } = complexLinearScan(pair('x'), pair('a'), { initialState: pair('h0') });
        return tf.stack([y.re, y.im]);
      }),
    inputs,
    dy,
    y: naive(numbers(inputs)),
    gradients: numericGradients(inputs, dy.data, naive),
    tolerance,
  };
}

async function checkResidualBlock(shape: readonly number[], fromNothing: boolean): Promise<void> {
  const sizes = { width: shape.at(-1) ?? 1, lruWidth: 6, heads: 2, taps: 3 };
  const params = initResidualBlock(randomKey(1), sizes);
  const test = blockCase(
    residualBlock,
    residualBlockNaive,
    shape,
    params,
    sizes.heads,
    currentTolerance(),
    { fromNothing },
  );
  tf.dispose(params);
  await expectLikeReference(test);
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
  ...recurrenceArguments.flatMap((args) =>
    [false, true].map((resets) => ({
      name: `gatedRecurrence of [${args[0]}] with ${args[1]} heads${resets ? ', begun anew' : ''}`,
      check: () => expectLikeReference(gatedRecurrenceCase(args, resets, currentTolerance())),
    })),
  ),
  ...[
    [1, 1, 2],
    [2, 3, 5, 7],
  ].flatMap((shape) =>
    [false, true].map((fromNothing) => ({
      name: `residualBlock of [${shape}]${fromNothing ? ' from nothing' : ''}`,
      check: () => checkResidualBlock(shape, fromNothing),
    })),
  ),
  ...gateShapes.map((shape) => ({
    name: `the gates of the RG-LRU of [${shape}]`,
    check: () => expectLikeReference(gatesCase(shape, currentTolerance())),
  })),
  ...convArguments.map((args) => ({
    name: `temporalConv of [${args[0]}] with ${args[1]} taps`,
    check: () => expectLikeReference(convCase(args, currentTolerance())),
  })),
];
