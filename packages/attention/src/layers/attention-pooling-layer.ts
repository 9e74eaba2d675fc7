import { checkedSize, checkNumber, type RandomKey } from '@neverend/backend';
import type { GeluForm, Params } from '@neverend/nn';
import {
  FunctionLayer,
  type InputSizes,
  inputWidth,
  type ParameterLayerArgs,
  type PerInput,
} from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '@tensorflow/tfjs-layers';
import { attentionPooling, initAttentionPooling } from '../pooling/index.ts';

/** Arguments of `neverendAttentionPooling`. */
export interface NeverendAttentionPoolingArgs extends ParameterLayerArgs {
  /** Number H of heads; must divide the width of the input. */
  heads: number;
  /** Width F of the MLP's hidden layer. */
  mlpWidth: number;
  /** Form of GELU; `tanh` where it is left out. */
  gelu?: 'tanh' | 'erf';
  /** Of the norm; 1e-6 where it is left out. */
  eps?: number;
}

/** `attentionPooling` as a layer: `[rows, N, D]` to `[rows, D]`. */
export class NeverendAttentionPooling extends FunctionLayer {
  static readonly className = 'NeverendAttentionPooling';
  readonly #heads: number;
  readonly #mlpWidth: number;
  readonly #options: { gelu: GeluForm; eps: number };

  /** @throws ShapeError unless `heads` and `mlpWidth` are positive integers. @throws RangeError for a wrong `eps`. */
  constructor(args: NeverendAttentionPoolingArgs) {
    super(args);
    this.#heads = checkedSize('heads', args.heads);
    this.#mlpWidth = checkedSize('mlpWidth', args.mlpWidth);
    const { gelu = 'tanh', eps = 1e-6 } = args;
    checkNumber('eps', eps, 0);
    this.#options = { gelu, eps };
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [rows = null, , width = null] = inputShape as Shape;
    return [rows, width];
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), heads: this.#heads, mlpWidth: this.#mlpWidth, ...this.#options };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    const width = inputWidth(input);
    return initAttentionPooling(key, { width, heads: this.#heads, mlpWidth: this.#mlpWidth });
  }

  protected override forward([x]: PerInput<tf.Tensor>, params: Params): tf.Tensor {
    return attentionPooling(x, params, { heads: this.#heads, ...this.#options });
  }
}

/** Pooling of the tokens by a learned probe. @throws what its constructor throws. */
export function neverendAttentionPooling(
  args: NeverendAttentionPoolingArgs,
): NeverendAttentionPooling {
  return new NeverendAttentionPooling(args);
}
