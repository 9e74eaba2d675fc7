import type { Tensor } from '@tensorflow/tfjs-core';

/** The layers' weights and biases by their number, from 0 on, as `linear` takes them. */
export type NormLinearInputs = {
  /** `[..., D]`. */
  readonly x: Tensor;
  /** Factors of the normalised columns, `[D]`. */
  readonly scale: Tensor;
  /** What is added to them, `[D]`; not looked at with an RMS norm. */
  readonly shift: Tensor;
} & { readonly [name: `kernel${number}` | `bias${number}`]: Tensor };

export type NormLinearAttrs = {
  readonly norm: 'layer' | 'rms';
  readonly eps: number;
  /** What is added to the scale. */
  readonly offset: number;
  /** Of each layer: 1 where its activation is GELU, in the tanh form, and 0 where it has none. */
  readonly gelus: readonly number[];
};

/** A layer of these inputs. */
export interface LayerInputs {
  readonly kernel: Tensor;
  readonly bias: Tensor;
  readonly gelu: boolean;
}

export const layersOf = (inputs: NormLinearInputs, { gelus }: NormLinearAttrs): LayerInputs[] =>
  gelus.map((gelu, at) => ({
    kernel: inputs[`kernel${at}`] as Tensor,
    bias: inputs[`bias${at}`] as Tensor,
    gelu: gelu === 1,
  }));
