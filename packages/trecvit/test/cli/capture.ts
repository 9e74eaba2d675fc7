import { type Outcome, outcomeOf } from '@neverend/command-line/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { main } from '../../src/cli/main.ts';

/** Runs the command line within this process. */
export const trecvit = (...args: readonly string[]): Promise<Outcome> =>
  outcomeOf(() => main(args));

/** The same on the backend cpu, and no tensor is forgotten. */
export async function run(...args: readonly string[]): Promise<Outcome> {
  const before = tf.memory().numTensors;
  const outcome = await trecvit(...args, '--backend', 'cpu');
  expect(tf.memory().numTensors).toBe(before);
  return outcome;
}
