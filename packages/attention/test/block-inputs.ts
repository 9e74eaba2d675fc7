import { randomKey } from '@neverend/backend';
import { type Inputs, normalInput } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';

/** Inputs of an encoder block of every size; those of attention and MLP are in it below their prefixes. @param seed of their numbers. */
export function blockParams(width: number, heads: number, mlpWidth: number, seed = 0): Inputs {
  const attention = 'MultiHeadDotProductAttention_0';
  const depth = width / heads;
  const shapes: Record<string, number[]> = {
    'LayerNorm_0/scale': [width],
    'LayerNorm_0/bias': [width],
    'LayerNorm_1/scale': [width],
    'LayerNorm_1/bias': [width],
    [`${attention}/out/kernel`]: [heads, depth, width],
    [`${attention}/out/bias`]: [width],
    'MlpBlock_0/Dense_0/kernel': [width, mlpWidth],
    'MlpBlock_0/Dense_0/bias': [mlpWidth],
    'MlpBlock_0/Dense_1/kernel': [mlpWidth, width],
    'MlpBlock_0/Dense_1/bias': [width],
  };
  for (const name of ['query', 'key', 'value']) {
    shapes[`${attention}/${name}/kernel`] = [width, heads, depth];
    shapes[`${attention}/${name}/bias`] = [heads, depth];
  }
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      // Kernels keep the size of what passes through them.
      const scale = name.endsWith('kernel') ? 1 / Math.sqrt(width) : 0.3;
      const mean = name.endsWith('scale') ? 1 : 0;
      return [name, normalInput(randomKey('param', name, seed), shape, scale, mean)];
    }),
  );
}

export function inputsBelow(inputs: Inputs, prefix: string): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, input]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), input]] : [],
    ),
  );
}

/** Parameters of attention with kernels that are the identity, and biases of 0. */
export function identityParams(heads: number, depth: number): Record<string, tf.Tensor> {
  const width = heads * depth;
  const names = ['query', 'key', 'value'];
  return tf.tidy(() => ({
    ...Object.fromEntries(
      names.flatMap((name) => [
        [`${name}/kernel`, tf.reshape(tf.eye(width), [width, heads, depth])],
        [`${name}/bias`, tf.zeros([heads, depth])],
      ]),
    ),
    'out/kernel': tf.reshape(tf.eye(width), [heads, depth, width]),
    'out/bias': tf.zeros([width]),
  }));
}
