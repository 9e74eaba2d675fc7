import { checkedSize, checkOptions, kernelsReady, randomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { type TRecViTConfig, trecvitConfig } from '../config.ts';
import { productFlops } from '../costs.ts';
import { forward } from '../forward.ts';
import { initTRecViT } from '../init.ts';
import { parameterCount } from '../param-shapes.ts';
import {
  type FullAttentionConfig,
  fullAttention,
  fullAttentionFlops,
  fullAttentionParameters,
  initFullAttention,
  vivitL,
} from './full-attention.ts';
import { availableMemory, type Measured, measure } from './measure.ts';
import { type AttentionWeights, fullAttentionPeakBytes, trecvitPeakBytes } from './peak-memory.ts';
import { repeatLayers } from './repeat-layers.ts';

/** How two models are compared. */
export interface CompareOptions {
  /** The lengths of the clips. Default: 32 and 64. */
  readonly frames?: readonly number[];
  /** Default: TRecViT-B in the paper's form. */
  readonly trecvit?: TRecViTConfig;
  /** Default: the sizes of ViViT-L. */
  readonly fullAttention?: FullAttentionConfig;
  /**
   * What a run may take by its computed peak; 0 measures nothing. Default: four fifths of what the system has to give, and on wasm
   * at most 3.5 GiB, since the backend has no more than 4.
   */
  readonly memoryBytes?: number;
  /** Is told what runs now, and about how many seconds it will take, where that is known. */
  readonly onProgress?: (text: string, seconds?: number) => void;
}

/** A number that was measured in a run, or computed. */
export interface Amount {
  readonly value: number;
  readonly how: 'measured' | 'computed';
  /** Of times: from the time of so many frames, by the number of operations. */
  readonly from?: number;
}

/** What one clip costs a model. */
export interface Costs {
  readonly parameters: number;
  /** Floating-point operations of its products. */
  readonly flops: number;
  /** Bytes of all tensors, parameters included, when most of them are alive. */
  readonly peakBytes: Amount;
  /** The same with the weights of attention, one for each pair of tokens, held in memory. */
  readonly peakBytesHeld: Amount;
  /** Most memory that the process had resident in the run; where it ran and the system tells. */
  readonly residentBytes?: number;
  /** Undefined where no number of frames was measured. */
  readonly seconds?: Amount;
}

/** Both models on clips of one length. */
export interface ComparedClip {
  readonly frames: number;
  readonly trecvit: Costs;
  readonly fullAttention: Costs;
}

/** What `compareModels` found. */
export interface Comparison {
  readonly backend: string;
  readonly memoryBytes: number;
  readonly clips: readonly ComparedClip[];
}

const GiB = 2 ** 30;

/**
 * TRecViT beside a transformer of the paper's kind in which each patch of each frame attends to all (arXiv 2412.14294, section 5.1),
 * on the current backend with random weights: parameters and operations, which are computed, and peak memory and time, which are
 * measured where the memory allows.
 *
 * @throws ShapeError | RangeError | TypeError naming the option.
 */
export async function compareModels(options: CompareOptions = {}): Promise<Comparison> {
  checkOptions('compareModels', options, [
    'frames',
    'trecvit',
    'fullAttention',
    'memoryBytes',
    'onProgress',
  ]);
  const { frames = [32, 64], trecvit = trecvitConfig('B', 'paper') } = options;
  const { fullAttention: full = vivitL, onProgress = () => {} } = options;
  for (const count of frames) checkedSize('frames', count);
  const most = Math.max(...frames);
  const backend = tf.getBackend();
  const ceiling = backend === 'wasm' ? 3.5 * GiB : Number.POSITIVE_INFINITY;
  const { memoryBytes = Math.min(0.8 * availableMemory(), ceiling) } = options;
  const first = await costsOf(frames, memoryBytes, onProgress, {
    name: 'TRecViT',
    init: () =>
      repeatLayers(
        initTRecViT(randomKey('compare', 'trecvit'), { ...trecvit, layers: 1 }),
        trecvit.layers,
      ),
    run: (video, params) => forward(video, params, trecvit).logits,
    imageSize: trecvit.imageSize,
    channels: trecvit.channels,
    parameters: () => parameterCount(trecvit),
    flops: (count) => productFlops(trecvit, count),
    peakBytes: (count, weights) => trecvitPeakBytes(trecvit, count, weights),
  });
  const second = await costsOf(frames, memoryBytes, onProgress, {
    name: 'full attention',
    init: () =>
      repeatLayers(
        initFullAttention(randomKey('compare', 'full attention'), { ...full, layers: 1 }, most),
        full.layers,
      ),
    run: (video, params) => fullAttention(video, params, full),
    imageSize: full.imageSize,
    channels: full.channels,
    parameters: (count) => fullAttentionParameters(full, count),
    flops: (count) => fullAttentionFlops(full, count),
    peakBytes: (count, weights) => fullAttentionPeakBytes(full, count, weights),
  });
  const clips = frames.map((count, index) => ({
    frames: count,
    trecvit: first[index] as Costs,
    fullAttention: second[index] as Costs,
  }));
  return { backend, memoryBytes, clips };
}

/** A model that is compared. */
interface Model {
  readonly name: string;
  readonly init: () => Record<string, tf.Tensor>;
  readonly run: (video: tf.Tensor, params: Params) => tf.Tensor;
  readonly imageSize: readonly [number, number];
  readonly channels: number;
  readonly parameters: (frames: number) => number;
  readonly flops: (frames: number) => number;
  readonly peakBytes: (frames: number, weights: AttentionWeights) => number;
}

/** The costs of a model for each number of frames. */
async function costsOf(
  frames: readonly number[],
  memoryBytes: number,
  onProgress: (text: string, seconds?: number) => void,
  model: Model,
): Promise<Costs[]> {
  const fits = (count: number, weights: AttentionWeights) =>
    model.peakBytes(count, weights) <= memoryBytes;
  // For the time of longer ones, where none of these fits.
  let least = Math.min(...frames);
  while (least > 1 && !fits(least, 'fused')) least = Math.floor(least / 2);
  const lengths = [...new Set([least, ...frames])].sort((a, b) => a - b);
  const measured: Record<AttentionWeights, Map<number, Measured>> = {
    fused: new Map(),
    held: new Map(),
  };
  if (fits(least, 'fused')) {
    onProgress(`${model.name}: making its parameters`);
    const params = model.init();
    const once = async (count: number, weights: AttentionWeights) => {
      const video = tf.randomUniform([1, count, ...model.imageSize, model.channels]);
      try {
        const given = [video, ...Object.values(params)];
        return await measure(() => tf.tidy(() => model.run(video, params)), weights, given);
      } finally {
        video.dispose();
      }
    };
    try {
      // Until then composites may serve, which hold what kernels do not.
      if (tf.getBackend() === 'webgpu') await kernelsReady();
      // What a first run alone takes: kernels that are compared, parameters that move to the backend.
      let last = { count: 1, seconds: (await once(1, 'fused')).seconds };
      // Memory that attention's weights had may stay with the process, and would count as that of runs without them.
      for (const weights of ['fused', 'held'] as const) {
        for (const count of lengths) {
          if (!fits(count, weights)) continue;
          const seconds = (last.seconds * model.flops(count)) / model.flops(last.count);
          onProgress(`${model.name}: ${count} frames, weights of attention ${weights}`, seconds);
          const found = await once(count, weights);
          measured[weights].set(count, found);
          if (weights === 'fused') last = { count, seconds: found.seconds };
        }
      }
    } finally {
      tf.dispose(params);
    }
  }
  return frames.map((count): Costs => {
    const peak = (weights: AttentionWeights): Amount => {
      const found = measured[weights].get(count);
      return found === undefined
        ? { value: model.peakBytes(count, weights), how: 'computed' }
        : { value: found.tensorBytes, how: 'measured' };
    };
    const residentBytes = measured.fused.get(count)?.residentBytes;
    const seconds = secondsOf(count, measured.fused, model);
    return {
      parameters: model.parameters(count),
      flops: model.flops(count),
      peakBytes: peak('fused'),
      peakBytesHeld: peak('held'),
      ...(residentBytes === undefined ? {} : { residentBytes }),
      ...(seconds === undefined ? {} : { seconds }),
    };
  });
}

/** As measured, or from the longest clip that was. */
function secondsOf(
  count: number,
  measured: ReadonlyMap<number, Measured>,
  { flops }: Model,
): Amount | undefined {
  const found = measured.get(count);
  if (found !== undefined) return { value: found.seconds, how: 'measured' };
  const [from, longest] = [...measured].at(-1) ?? [];
  if (from === undefined || longest === undefined) return undefined;
  return { value: (longest.seconds * flops(count)) / flops(from), how: 'computed', from };
}
