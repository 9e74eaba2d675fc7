import { checkedSize, type RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import type { InputSizes, PerInput } from '@neverend/nn/layers';
import type * as tf from '@tensorflow/tfjs-core';
import { encoder, initEncoder } from '../encoder/index.ts';
import { NeverendEncoderBlock, type NeverendEncoderBlockArgs } from './encoder-block-layer.ts';

/** Arguments of `neverendEncoder`: those of its blocks, and how many. */
export interface NeverendEncoderArgs extends NeverendEncoderBlockArgs {
  /** Number of blocks. */
  depth: number;
}

/** `encoder` as a layer: `[rows, N, D]` to the same. A second input is the mask. */
export class NeverendEncoder extends NeverendEncoderBlock {
  static override readonly className: string = 'NeverendEncoder';
  readonly #depth: number;

  /** @throws as `NeverendEncoderBlock` does, and ShapeError unless `depth` is a positive integer. */
  constructor(args: NeverendEncoderArgs) {
    super(args);
    this.#depth = checkedSize('depth', args.depth);
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), depth: this.#depth };
  }

  protected override init([input]: PerInput<InputSizes>, key: RandomKey): Params {
    return initEncoder(key, { ...this.sizes(input), depth: this.#depth });
  }

  protected override forward(
    [x, mask]: PerInput<tf.Tensor>,
    params: Params,
    key?: RandomKey,
  ): tf.Tensor {
    return encoder(x, params, { ...this.options(mask, key), depth: this.#depth });
  }
}

/** A stack of pre-LN transformer encoder blocks and a norm. @throws what its constructor throws. */
export function neverendEncoder(args: NeverendEncoderArgs): NeverendEncoder {
  return new NeverendEncoder(args);
}
