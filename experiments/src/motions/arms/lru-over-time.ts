import { initResidualBlock, residualBlock } from '@neverend/lru';
import * as tf from '@tensorflow/tfjs-core';
import type { TimeMixer } from './time-mixer.ts';

/** TRecViT's own block (arXiv 2412.14294, section 3). */
export const lruOverTime: TimeMixer = {
  init: (key, { width, lruWidth, heads, taps, minRadius, layers }) =>
    initResidualBlock(key, { width, lruWidth, heads, taps, minRadius, outVariance: 2 / layers }),
  mix: (x, params) =>
    tf.tidy(() => {
      const { y } = residualBlock(x, params);
      return y;
    }),
};
