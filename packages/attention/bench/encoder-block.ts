// npx tsx --conditions=@neverend/source bench/encoder-block.ts [backend]
import { randomKey } from '@neverend/backend';
import { randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { encoderBlock, initEncoderBlock } from '../src/index.ts';
import { compare, start } from './compare.ts';

type Params = Record<string, tf.Tensor>;

/** The block out of stock ops with 2-D products, as one writes it down. */
function stockBlock(x: tf.Tensor, params: Params, heads: number): tf.Tensor {
  const [rows, tokens, width] = x.shape as [number, number, number];
  const param = (name: string) => params[name] as tf.Tensor;
  const linear = (y: tf.Tensor, name: string) => {
    const bias = tf.reshape(param(`${name}/bias`), [-1]);
    const kernel = tf.reshape(param(`${name}/kernel`), [y.shape[1] ?? 1, -1]);
    return tf.add(tf.matMul(y as tf.Tensor2D, kernel as tf.Tensor2D), bias);
  };
  const norm = (y: tf.Tensor, name: string) => {
    const { mean, variance } = tf.moments(y, -1, true);
    const normed = tf.mul(tf.sub(y, mean), tf.rsqrt(tf.add(variance, 1e-6)));
    return tf.add(tf.mul(normed, param(`${name}/scale`)), param(`${name}/bias`));
  };
  const attention = 'MultiHeadDotProductAttention_0';
  const flat = tf.reshape(x, [-1, width]);
  const y = norm(flat, 'LayerNorm_0');
  const [q, k, v] = ['query', 'key', 'value'].map((name) =>
    tf.transpose(
      tf.reshape(linear(y, `${attention}/${name}`), [rows, tokens, heads, width / heads]),
      [0, 2, 1, 3],
    ),
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const scores = tf.mul(tf.matMul(q, k, false, true), Math.sqrt(heads / width));
  const context = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
  const out = tf.matMul(
    tf.reshape(context, [-1, width]) as tf.Tensor2D,
    tf.reshape(param(`${attention}/out/kernel`), [width, width]) as tf.Tensor2D,
  );
  const attended = tf.add(flat, tf.add(out, param(`${attention}/out/bias`)));
  const hidden = linear(norm(attended, 'LayerNorm_1'), 'MlpBlock_0/Dense_0');
  const inner = tf.add(hidden, tf.mul(tf.pow(hidden, 3), 0.044715));
  const gate = tf.add(tf.tanh(tf.mul(inner, Math.sqrt(2 / Math.PI))), 1);
  const active = tf.mul(tf.mul(hidden, 0.5), gate);
  return tf.reshape(tf.add(attended, linear(active, 'MlpBlock_0/Dense_1')), x.shape);
}

await start();
for (const [rows, tokens, width, heads] of [
  [64, 16, 64, 4],
  [64, 16, 96, 4],
  [32, 16, 64, 4],
  [8, 197, 192, 3],
] as const) {
  const params = initEncoderBlock(randomKey(1), { width, heads, mlpWidth: 4 * width });
  const names = Object.keys(params);
  const named = (tensors: tf.Tensor[]) =>
    Object.fromEntries(names.map((name, index) => [name, tensors[index] as tf.Tensor]));
  await compare({
    name: `encoder block [${rows}, ${tokens}, ${width}], ${heads} heads`,
    inputs: [randomTensor(randomKey('x'), [rows, tokens, width]), ...Object.values(params)],
    ours: (x, ...rest) => encoderBlock(x as tf.Tensor, named(rest), { heads }),
    stock: (x, ...rest) => stockBlock(x as tf.Tensor, named(rest), heads),
  });
}
