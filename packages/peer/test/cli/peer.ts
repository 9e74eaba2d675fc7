import { runProgram } from '@neverend/command-line';
import { outcomeOf } from '@neverend/command-line/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { peerProgram } from '../../src/cli/program.ts';

/** Runs the command line within this process; no tensor is forgotten. */
export async function peer(...args: readonly string[]): ReturnType<typeof outcomeOf> {
  const before = tf.memory().numTensors;
  const outcome = await outcomeOf(() => runProgram(peerProgram(), args));
  expect(tf.memory().numTensors).toBe(before);
  return outcome;
}
