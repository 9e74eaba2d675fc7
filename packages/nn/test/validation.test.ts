import { randomKey, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { dropout, dropoutAt, dropoutFactors, gelu, initLinear, rmsNorm } from '../src/index.ts';

beforeAll(() => useBackend('cpu'));

const key = randomKey(1);
const misspelt = { colour: 1 };

/** Every public function with options, and a call of it that would be right but for one of them. */
const functions: readonly (readonly [owner: string, options: string, call: () => unknown])[] = [
  ['gelu', 'form, bias', () => gelu(tf.zeros([2]), { form: 'erf', ...misspelt })],
  ['rmsNorm', 'eps, offset', () => rmsNorm(tf.zeros([2]), tf.ones([2]), { eps: 1, ...misspelt })],
  ['initLinear', 'variance', () => initLinear(key, 2, 3, { variance: 1, ...misspelt })],
  ['dropout', 'rate, key', () => dropout(tf.zeros([2]), { rate: 0, key, ...misspelt })],
  ['dropout', 'rate, key', () => dropoutAt({ rate: 0.5, key, ...misspelt }, 'here')],
  ['dropout', 'rate, key', () => dropoutFactors(2, { rate: 0.5, key, ...misspelt })],
];

it.each(functions)('%s refuses an option that is not among %s', (owner, options, call) => {
  tf.tidy(() => {
    const message = `${owner} has no option "colour"; it takes ${options}`;
    expect(call).toThrow(new TypeError(message));
  });
});
