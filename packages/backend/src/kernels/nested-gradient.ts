import * as tf from '@tensorflow/tfjs-core';

/** Whether what is computed now is for a gradient inside of another one, so that its gradient needs one too. */
export const isGradientNested = (): boolean => tf.engine().state.gradientDepth > 1;
