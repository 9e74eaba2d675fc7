import * as tf from '@tensorflow/tfjs-core';
import { randomKey, randomNormal } from '../random.ts';
import { expectClose } from './expect-close.ts';

/**
 * Holds the derivative of an op's gradients along a random way, as a gradient inside of a gradient gives it, against central
 * differences of the gradients on the current backend. Those are good to some three digits in float32.
 *
 * @param op smooth near `inputs`, small float32 tensors; they stay the caller's.
 */
export async function expectSecondGradients(
  op: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
): Promise<void> {
  const random = (of: tf.Tensor, name: string) =>
    tf.tensor(randomNormal(randomKey(name), of.size), of.shape);
  const gradients = (xs: readonly tf.Tensor[]): tf.Tensor[] => {
    const value = () => {
      const y = op(...xs);
      return tf.sum(tf.mul(y, random(y, 'weights'))) as tf.Scalar;
    };
    const { grads } = tf.engine().gradients(value, [...xs], undefined, true);
    return xs.map((x, index) => (grads[index] as tf.Tensor | null) ?? tf.zeros(x.shape));
  };
  const ways = inputs.map((x, index) => random(x, `way ${index}`));
  const all = (tensors: readonly tf.Tensor[]) =>
    tf.concat(tensors.map((x) => tf.reshape(x, [x.size])));
  const [second, differences, first] = tf.tidy(() => {
    const along = () => {
      const terms = gradients(inputs).map((g, index) =>
        tf.sum(tf.mul(g, ways[index] as tf.Tensor)),
      );
      return tf.addN(terms) as tf.Scalar;
    };
    const { grads } = tf.engine().gradients(along, [...inputs], undefined, true);
    const found = inputs.map((x, index) => (grads[index] as tf.Tensor | null) ?? tf.zeros(x.shape));
    const at = (step: number) =>
      all(gradients(inputs.map((x, index) => tf.add(x, tf.mul(ways[index] as tf.Tensor, step)))));
    const h = 0.005;
    const near = tf.mul(tf.sub(at(h), at(-h)), 8);
    const far = tf.sub(at(2 * h), at(-2 * h));
    return [all(found), tf.div(tf.sub(near, far), 12 * h), all(gradients(inputs))];
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [is, should, slopes] = await Promise.all([second, differences, first].map((x) => x.data()));
  tf.dispose([second, differences, first, ways]);
  const scale = [...(should ?? []), ...(slopes ?? [])].reduce(
    (max, x) => Math.max(max, Math.abs(x)),
    0,
  );
  expectClose(is ?? [], should ?? [], { rtol: 2e-3, atol: 1e-3 * scale });
}
