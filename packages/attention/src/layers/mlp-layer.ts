import { checkedSize, type RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { initMlp, mlp } from '../mlp/index.ts';
import { checkedRate, dropoutOf } from './dropout-of.ts';

/** Arguments of `neverendMlp`. */
export interface NeverendMlpArgs extends ParameterLayerArgs {
  /** Width F of the hidden layer. */
  mlpWidth: number;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: 'tanh' | 'erf';
  /** Dropout after GELU and of the output in training; 0 where it is left out. */
  dropoutRate?: number;
}

/** `mlp` as a layer: `[..., D]` to the same. */
export class NeverendMlp extends FunctionLayer {
  static readonly className = 'NeverendMlp';
  readonly #mlpWidth: number;
  readonly #gelu: 'tanh' | 'erf';
  readonly #dropoutRate: number;

  /** @throws ShapeError unless `mlpWidth` is a positive integer. @throws RangeError for a rate outside of [0, 1). */
  constructor(args: NeverendMlpArgs) {
    super(args);
    this.#mlpWidth = checkedSize('mlpWidth', args.mlpWidth);
    this.#gelu = args.gelu ?? 'tanh';
    this.#dropoutRate = checkedRate('dropoutRate', args.dropoutRate);
  }

  override getConfig(): tf.serialization.ConfigDict {
    const options = { gelu: this.#gelu, dropoutRate: this.#dropoutRate };
    return { ...super.getConfig(), mlpWidth: this.#mlpWidth, ...options };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initMlp(key, { width, mlpWidth: this.#mlpWidth });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params, key?: RandomKey): tf.Tensor {
    return mlp(x, params, { gelu: this.#gelu, dropout: dropoutOf(this.#dropoutRate, key) });
  }
}

/** The MLP of a transformer block. @throws what its constructor throws. */
export function neverendMlp(args: NeverendMlpArgs): NeverendMlp {
  return new NeverendMlp(args);
}
