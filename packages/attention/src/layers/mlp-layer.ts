import type { RandomKey } from '@neverend/backend';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/backend/layers';
import { checkedSize, type Params } from '@neverend/backend/params';
import type * as tf from '@tensorflow/tfjs-core';
import { initMlp, mlp } from '../mlp/index.ts';

/** Arguments of `neverendMlp`. */
export interface NeverendMlpArgs extends ParameterLayerArgs {
  /** Width F of the hidden layer. */
  mlpWidth: number;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: 'tanh' | 'erf';
}

/** `mlp` as a layer: `[..., D]` to the same. */
export class NeverendMlp extends FunctionLayer {
  static readonly className = 'NeverendMlp';
  readonly #mlpWidth: number;
  readonly #gelu: 'tanh' | 'erf';

  /** @throws ShapeError unless `mlpWidth` is a positive integer. */
  constructor(args: NeverendMlpArgs) {
    super(args);
    this.#mlpWidth = checkedSize('mlpWidth', args.mlpWidth);
    this.#gelu = args.gelu ?? 'tanh';
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), mlpWidth: this.#mlpWidth, gelu: this.#gelu };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initMlp(key, { width, mlpWidth: this.#mlpWidth });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    return mlp(x, params, { gelu: this.#gelu });
  }
}

/** The MLP of a transformer block. @throws ShapeError for a wrong `mlpWidth`. */
export function neverendMlp(args: NeverendMlpArgs): NeverendMlp {
  return new NeverendMlp(args);
}
