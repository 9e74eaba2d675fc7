import { subkey } from '@neverend/backend';
import { initLinear, linear, linearParams, rmsNorm, withPrefix } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import type { TimeMixer } from './time-mixer.ts';

/** x + linear_out(LSTM(RMSNorm(x))), with the unit of Hochreiter and Schmidhuber as PyTorch's `LSTM` has it, and gates i, f, g, o. */
export const lstmOverTime: TimeMixer = {
  init: (key, { width, layers }) => {
    const keyOf = (name: string) => subkey(key, name);
    const inner = innerWidth(width);
    const { kernel, bias } = initLinear(keyOf('input'), width, 4 * inner, { variance: 1 });
    bias.dispose();
    const recurrent = initLinear(keyOf('recurrent'), inner, 4 * inner, { variance: 1 });
    recurrent.bias.dispose();
    return {
      'norm/scale': tf.zeros([width]),
      'input/kernel': kernel,
      // Forget gates begin open (Jozefowicz et al., ICML 2015).
      'input/bias': tf.tensor1d(
        Float32Array.from({ length: 4 * inner }, (_, at) => (Math.floor(at / inner) === 1 ? 1 : 0)),
      ),
      'recurrent/kernel': recurrent.kernel,
      ...withPrefix(initLinear(keyOf('out'), inner, width, { variance: 2 / layers }), 'out/'),
    };
  },
  mix: (x, params) =>
    tf.tidy(() => {
      const [batch = 1, , tokens = 1, width = 1] = x.shape;
      const input = linearParams(params, 'input', width);
      const recurrent = params['recurrent/kernel'] as tf.Tensor;
      const [inner = 1] = recurrent.shape;
      const out = linearParams(params, 'out', inner, width);
      const normed = rmsNorm(x, params['norm/scale'] as tf.Tensor, { offset: 1 });
      const rows = batch * tokens;
      const inputs = tf
        .unstack(linear(normed, input.kernel, input.bias), 1)
        .map((step) => tf.reshape(step, [rows, 4 * inner]));
      let [hidden, cell]: [tf.Tensor, tf.Tensor] = [
        tf.zeros([rows, inner]),
        tf.zeros([rows, inner]),
      ];
      const outputs = inputs.map((step) => {
        const gates = tf.add(step, linear(hidden, recurrent));
        const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        cell = tf.add(tf.mul(tf.sigmoid(f), cell), tf.mul(tf.sigmoid(i), tf.tanh(g)));
        hidden = tf.mul(tf.sigmoid(o), tf.tanh(cell));
        return tf.reshape(hidden, [batch, tokens, inner]);
      });
      return tf.add(x, linear(tf.stack(outputs, 1), out.kernel, out.bias));
    }),
};

/** An LSTM of the tokens' width has 8 D² weights, and the layer after it D²: what the recurrent unit's block has with E = 2 D and 3 or 4 heads, within a twentieth. */
function innerWidth(width: number): number {
  return width;
}
