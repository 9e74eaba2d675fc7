import { cachedAttention, initMlp, initSpaceAttention, mlp } from '@neverend/attention';
import { subkey } from '@neverend/backend';
import { layerNorm, type Params, subtree, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TimeMixer } from './time-mixer.ts';

/**
 * A transformer's block over the frames of each token, as factorised video transformers have it (arXiv 2103.15691, section 3.3): causal
 * attention with rotary positions, then an MLP.
 */
export const attentionOverTime: TimeMixer = {
  init: (key, { width, heads }) => {
    const keyOf = (name: string) => subkey(key, name);
    const norm = { scale: tf.ones([width]), bias: tf.zeros([width]) };
    const otherNorm = { scale: tf.ones([width]), bias: tf.zeros([width]) };
    const mlpWidth = Math.round(2.35 * width);
    return {
      ...withPrefix(norm, 'LayerNorm_0/'),
      ...withPrefix(initSpaceAttention(keyOf('attention'), { width, heads }), 'attention/'),
      ...withPrefix(otherNorm, 'LayerNorm_1/'),
      ...withPrefix(initMlp(keyOf('mlp'), { width, mlpWidth }), 'MlpBlock_0/'),
    };
  },
  mix: (x, params, { heads }) =>
    tf.tidy(() => {
      const [batch = 1, frames = 1, tokens = 1, width = 1] = x.shape;
      const rows = tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch * tokens, frames, width]);
      const { y } = cachedAttention(
        normed(rows, params, 'LayerNorm_0'),
        subtree(params, 'attention/'),
        undefined,
        { heads, rotary: {} },
      );
      const attended = tf.add(rows, y);
      const block = subtree(params, 'MlpBlock_0/');
      const out = tf.add(attended, mlp(normed(attended, params, 'LayerNorm_1'), block));
      return tf.transpose(tf.reshape(out, [batch, tokens, frames, width]), [0, 2, 1, 3]);
    }),
};

function normed(x: tf.Tensor, params: Params, name: string): tf.Tensor {
  return layerNorm(x, params[`${name}/scale`] as tf.Tensor, params[`${name}/bias`] as tf.Tensor);
}
