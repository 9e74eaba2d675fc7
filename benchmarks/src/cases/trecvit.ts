import {
  paramShapes,
  productFlops,
  type TRecViTConfig,
  type TRecViTSize,
  trecvitConfig,
} from '@neverend/trecvit';
import type { Case, Input, Size } from '../types.ts';

const tiny: TRecViTConfig = trecvitConfig('Ti', 'released', {
  ...{ layers: 2, width: 12, mlpWidth: 20, heads: 3, lruWidth: 24 },
  ...{ patch: 4, imageSize: [8, 12], headWidth: 10, classes: 7, frames: 5 },
});

/** How many frames a stream sees before its results are compared; then they come again. */
const streamed = 4;

/** TRecViT as released, with random parameters by the names of the official checkpoints: one clip, and a stream of single frames. */
export function trecvitCases(size: Size): Case[] {
  return (['Ti', 'S', 'B'] as const satisfies readonly TRecViTSize[]).flatMap((name) => {
    const config = size === 'full' ? trecvitConfig(name) : tiny;
    return [
      trecvitCase('trecvitClip', `TRecViT-${name}`, config),
      trecvitCase('trecvitStream', `TRecViT-${name}`, config),
    ];
  });
}

export function trecvitCase(
  op: 'trecvitClip' | 'trecvitStream',
  model: string,
  config: TRecViTConfig,
): Case {
  const { imageSize, channels } = config;
  const whole = op === 'trecvitClip';
  const frames = whole ? config.frames : 1;
  const id = `${model.toLowerCase()}-${whole ? 'clip' : 'stream'}`;
  const video: Input = {
    name: 'video',
    shape: [1, whole ? frames : streamed, ...imageSize, channels],
    dtype: 'float32',
    mean: 0.5,
    scale: 0.2,
  };
  const params = Object.entries(paramShapes(config)).map(([name, shape]) => param(name, shape));
  return {
    id,
    title: `${model}, ${whole ? `a clip of ${frames} frames` : 'a frame of a stream'}`,
    // What a case leaves in memory must not count in the next one's peak.
    group: id,
    op,
    mode: 'forward',
    attrs: attrsOf(config),
    inputs: [video, ...params],
    limit: { kind: 'gemm', amount: productFlops(config, frames) },
    tolerance: 1e-4,
    video: { model, frames },
  };
}

/** The likeliest classes that a stream names after each frame. */
const guesses = 5;

// All runners have the tanh form of GELU and a class token.
function attrsOf({ imageSize: [rows, columns], pooling: _, gelu: __, ...sizes }: TRecViTConfig) {
  return { ...sizes, rows, columns, guesses };
}

/** The configuration of a case. */
export function configOf(attrs: Case['attrs']): TRecViTConfig {
  const { rows, columns, guesses: _, ...sizes } = attrs as ReturnType<typeof attrsOf>;
  return { ...sizes, imageSize: [rows, columns], pooling: 'token', gelu: 'tanh' };
}

/** Random numbers that keep what goes through the layers of one magnitude. */
function param(name: string, shape: readonly number[]): Input {
  const input = { name, shape, dtype: 'float32' } as const;
  const [first = 1, second = 1] = shape;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (name.endsWith('conv_1d/w')) return { ...input, scale: 0.5 };
  // a of 0.83 to 0.95 where a gate is half open: no root comes near zero, where rounding would decide.
  if (name.endsWith('a_param')) return { ...input, scale: 0.3, mean: -3.7 };
  if (name.endsWith('gate/w')) return { ...input, scale: 1 / Math.sqrt(second) };
  if (/(query|key|value)\/kernel$/.test(name)) return { ...input, scale: 1 / Math.sqrt(first) };
  if (name.endsWith('/kernel')) {
    return { ...input, scale: 1 / Math.sqrt(size / (shape.at(-1) ?? 1)) };
  }
  // The scale of a residual block's norm is what is added to one.
  const isScale = name.endsWith('/scale') && !name.includes('temporal_pre_norm');
  return { ...input, scale: 0.1, mean: isScale ? 1 : 0 };
}
