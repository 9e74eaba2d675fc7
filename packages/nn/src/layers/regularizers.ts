import { described } from '@neverend/backend';
import type { serialization } from '@tensorflow/tfjs-core';
import { layers } from '@tensorflow/tfjs-layers';

/** A regulariser of tf.layers (`regularizers.l2({ l2: 0.01 })`), its name (`l1l2`), or what a saved model has of it. */
export type RegularizerArg = NonNullable<Parameters<typeof layers.dense>[0]['kernelRegularizer']>;

/** Arguments by which weights of these names are kept small: what a regulariser makes of them is added to the loss. */
export type Regularized<Weights extends string> = {
  [K in Weights as `${K}Regularizer`]?: RegularizerArg;
};

/** @throws TypeError naming the argument where it stands for no regulariser. */
export function regularizerOf(name: string, value: unknown): serialization.Serializable {
  try {
    // tf.layers reads such arguments for its own layers alone.
    const layer = layers.dense({ units: 1, kernelRegularizer: value as RegularizerArg });
    return (layer as unknown as Record<'kernelRegularizer', serialization.Serializable>)
      .kernelRegularizer;
  } catch {
    throw new TypeError(`${name} was ${described(value)}; it must be a regularizer of tf.layers`);
  }
}
