import { randomInt, randomKey } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** Positions in which each row begins anew at about every third step, not the same in all. */
export const positions = (rows: number, steps: number, seed = 0): Int32Array =>
  Int32Array.from(randomInt(randomKey('positions', rows, steps, seed), rows * steps, 3));

/** `positions` as `segmentPos`, the caller's to dispose. */
export const positionsTensor = (rows: number, steps: number, seed = 0): tf.Tensor2D =>
  tf.tensor2d(positions(rows, steps, seed), [rows, steps], 'int32');
