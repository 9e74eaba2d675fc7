import {
  byDefault,
  defineLayer,
  inputWidth,
  type LayerFactory,
  oneOf,
  optional,
  size,
} from '@neverend/nn/layers';
import {
  checkMemory,
  initMemory,
  type MemoryConfig,
  type MemoryOutput,
  memory,
  memoryOutputs,
} from '../memory/index.ts';
import { retrievalBuffers } from '../retrieval/costs.ts';
import { retrievalOf } from '../retrieval/init.ts';
import { type RetrievalLayerArgs, retrievalArgs } from './args.ts';

/** Arguments of `neverendMemory`: those of `MemoryConfig`, and dropout of queries. */
export interface NeverendMemoryArgs extends RetrievalLayerArgs {
  /** Width of a value. Default: that of the tokens. */
  valueWidth?: number;
  /** Default: `sum`. */
  output?: MemoryOutput;
}

const configOf = ({ valueWidth, output, ...retrieval }: MemoryConfig): MemoryConfig => ({
  ...retrievalOf(retrieval),
  ...(valueWidth !== undefined && { valueWidth }),
  output,
});

/**
 * `memory` as a layer: `[..., D]` to `[..., D]`, or to `[..., valueWidth]` where the output is none of memory+. By the trainers of TensorFlow.js the table has a gradient of its
 * whole size; for millions of values train with `rowGradients` instead.
 */
export const neverendMemory: LayerFactory<NeverendMemoryArgs> = defineLayer({
  name: 'NeverendMemory',
  args: {
    ...retrievalArgs,
    valueWidth: optional(size),
    output: byDefault('sum', oneOf(...memoryOutputs)),
  },
  masks: true,
  check: (args) => checkMemory('NeverendMemory', configOf(args)),
  buffers: (args) => retrievalBuffers(args),
  init: ([input], key, args) => initMemory(key, inputWidth(input), configOf(args)),
  forward: ([x], params, { args, key, dropout, mask, update }) => {
    const call = { training: key !== undefined, mask, dropout: dropout(args.queryDropout) };
    const { y, retrieved } = memory(x, params, configOf(args), call);
    update(retrieved.updates);
    return y;
  },
  outputShape: ([shape], { valueWidth, output }) =>
    valueWidth === undefined || output === 'plus' ? shape : [...shape.slice(0, -1), valueWidth],
});
