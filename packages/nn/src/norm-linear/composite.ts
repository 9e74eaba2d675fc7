import * as tf from '@tensorflow/tfjs-core';
import { layerNorm } from '../layer-norm/index.ts';
import { linear } from '../linear/index.ts';
import { rmsNorm } from '../rms-norm/index.ts';
import { layersOf, type NormLinearAttrs, type NormLinearInputs } from './types.ts';

/** act(norm(x) W + b) of each layer. */
export function normLinearComposite(inputs: NormLinearInputs, attrs: NormLinearAttrs): tf.Tensor[] {
  const { x, scale, shift } = inputs;
  const { norm, eps, offset } = attrs;
  return tf.tidy(() => {
    const normed =
      norm === 'layer' ? layerNorm(x, scale, shift, eps) : rmsNorm(x, scale, { eps, offset });
    return layersOf(inputs, attrs).map(({ kernel, bias, gelu }) =>
      linear(normed, kernel, bias, { activation: gelu ? 'gelu' : 'none' }),
    );
  });
}
