import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  normalInput,
  officialTolerances,
  poisonMemory,
  randomTensor,
  tolerances,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { learnedPositions } from '../src/index.ts';
import { expectEachAlone } from './row-properties.ts';

await describeBackends('learnedPositions', (backend) => {
  for (const [rows, tokens, width] of [
    [1, 1, 1],
    [1, 5, 3],
    [7, 2, 5],
    [64, 3, 4],
  ] as const) {
    it(`adds the positions to each of ${rows} rows, and sums their gradient`, async () => {
      poisonMemory();
      const inputs = {
        x: normalInput(randomKey('x'), [rows, tokens, width]),
        positions: normalInput(randomKey('positions'), [1, tokens, width]),
      };
      const dy = normalInput(randomKey('dy'), [rows, tokens, width]);
      const size = tokens * width;
      const positions = new Float64Array(size);
      dy.data.forEach((slope, index) => {
        positions[index % size] = (positions[index % size] ?? 0) + slope;
      });
      await expectLikeReference({
        op: ({ x, positions }) => learnedPositions(x as tf.Tensor, positions as tf.Tensor),
        inputs,
        dy,
        y: inputs.x.data.map((v, index) => v + (inputs.positions.data[index % size] ?? 0)),
        gradients: { x: dy.data, positions },
        tolerance: tolerances[backend],
      });
    });
  }

  it('treats every row by itself', async () => {
    const positions = randomTensor(randomKey('positions'), [1, 3, 4]);
    await expectEachAlone({
      run: (x) => learnedPositions(x, positions),
      shape: [1, 3, 4],
      axis: 0,
      tolerance: officialTolerances[backend],
      numRuns: backend === 'webgpu' ? 2 : 10,
    });
    positions.dispose();
  });
});

describe('the arguments of learnedPositions', () => {
  it('are refused with the name, what it was and what it must be', () => {
    tf.tidy(() => {
      expect(() => learnedPositions(tf.zeros([2, 3, 4]), tf.zeros([1, 4, 4]))).toThrow(
        new ShapeError('positions was [1, 4, 4]; it must be [1, 3, 4]'),
      );
    });
  });
});
