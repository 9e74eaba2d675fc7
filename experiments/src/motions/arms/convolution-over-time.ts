import { subkey } from '@neverend/backend';
import { gelu, initLinear, linear, linearParams, rmsNorm, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TimeMixer } from './time-mixer.ts';

/** x + linear_out(GELU(conv(RMSNorm(x)))), with a causal convolution from all channels to all over the last `taps` frames. */
export const convolutionOverTime: TimeMixer = {
  init: (key, { width, taps, layers }) => {
    const keyOf = (name: string) => subkey(key, name);
    const inner = Math.round((8.6 * width) / (taps + 1));
    return {
      'norm/scale': tf.zeros([width]),
      ...withPrefix(initLinear(keyOf('conv'), taps * width, inner, { variance: 1 }), 'conv/'),
      ...withPrefix(initLinear(keyOf('out'), inner, width, { variance: 2 / layers }), 'out/'),
    };
  },
  mix: (x, params, { taps }) =>
    tf.tidy(() => {
      const [, frames = 1, , width = 1] = x.shape;
      const conv = linearParams(params, 'conv', taps * width);
      const out = linearParams(params, 'out', conv.kernel.shape[1] ?? 1, width);
      const normed = rmsNorm(x, params['norm/scale'] as tf.Tensor, { offset: 1 });
      const padded = tf.pad(normed, [
        [0, 0],
        [taps - 1, 0],
        [0, 0],
        [0, 0],
      ]);
      // Beside each frame those before it, the oldest first.
      const steps = Array.from({ length: taps }, (_, tap) =>
        tf.slice(padded, [0, tap, 0, 0], [-1, frames, -1, -1]),
      );
      const inner = gelu(linear(tf.concat(steps, 3), conv.kernel), { bias: conv.bias });
      return tf.add(x, linear(inner, out.kernel, out.bias));
    }),
};
