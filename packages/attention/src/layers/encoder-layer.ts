import { defineLayer, type LayerFactory, required, size } from '@neverend/nn/layers';
import { encoder, initEncoder } from '../encoder/index.ts';
import {
  blockArgs,
  blockOptions,
  blockSizes,
  type NeverendEncoderBlockArgs,
} from './encoder-block-layer.ts';

/** Arguments of `neverendEncoder`: those of its blocks, and how many. */
export interface NeverendEncoderArgs extends NeverendEncoderBlockArgs {
  /** Number of blocks. */
  depth: number;
}

/**
 * `encoder`, a stack of encoder blocks and a norm, as a layer: `[rows, N, D]` to the same. A second input is the mask, as `neverendEncoderBlock` takes it.
 */
export const neverendEncoder: LayerFactory<NeverendEncoderArgs> = defineLayer({
  name: 'NeverendEncoder',
  optionalInputs: ['mask'],
  masks: true,
  args: { ...blockArgs, depth: required(size) },
  init: ([input], key, args) => initEncoder(key, { ...blockSizes(input, args), depth: args.depth }),
  forward: ([x, mask], params, call) =>
    encoder(x, params, { ...blockOptions(mask, call), depth: call.args.depth }),
});
