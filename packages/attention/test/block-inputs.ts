import { randomKey } from '@neverend/backend';
import { type Inputs, normalInput } from '@neverend/backend/testing';

/** Inputs of an encoder block of every size; those of attention and MLP are in it below their prefixes. */
export function blockParams(width: number, heads: number, mlpWidth: number): Inputs {
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
      return [name, normalInput(randomKey('param', name), shape, scale, mean)];
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
