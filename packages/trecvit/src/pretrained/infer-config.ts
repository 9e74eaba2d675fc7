import { CheckpointError, type NamedArray } from '@neverend/checkpoint';
import { officialConstants, type TRecViTConfig, trecvitConfig } from '../config.ts';
import type { Arrays } from '../open-arrays.ts';

/**
 * The configuration of an official checkpoint, by the shapes of its parameters. What shapes do not tell is as in the official
 * models: 32 frames, the released form's radii, square frames. Reads eight small arrays.
 *
 * @param given fields that are known, and win.
 * @throws CheckpointError naming all arrays that tell a size and are missing, or of another rank.
 */
export async function inferConfig(
  { names, read }: Arrays,
  given: Partial<TRecViTConfig>,
): Promise<TRecViTConfig> {
  const known = new Set(names);
  const faults: string[] = [];
  const shape = async (name: string, rank: number): Promise<readonly number[]> => {
    const array: NamedArray | undefined = known.has(name) ? await read(name) : undefined;
    if (array?.shape.length === rank) return array.shape;
    const was = array === undefined ? 'is missing' : `is [${array.shape.join(', ')}]`;
    faults.push(`${name} ${was}`);
    return [];
  };
  const [, patch = 0, , channels = 0, width = 0] = await shape('tokenizer/embedding/kernel', 5);
  const [, patches = 0] = await shape('tokenizer/pos_embedding', 3);
  const residual = 'encoder/residualblock_00/recurrent_block';
  const encoder = 'encoder/encoderblock_0';
  const [gateBlocks = 0, block = 0] = await shape(`${residual}/rg_lru/a_gate/b`, 2);
  const [taps = 0] = await shape(`${residual}/conv_1d/w`, 2);
  const [heads = 0] = await shape(`${encoder}/MultiHeadDotProductAttention_0/query/bias`, 2);
  const [mlpWidth = 0] = await shape(`${encoder}/MlpBlock_0/Dense_0/bias`, 1);
  const [headWidth = 0] = await shape('decoder/pre_logits/bias', 1);
  const [classes = 0] = await shape('decoder/cls_head/bias', 1);
  if (faults.length > 0) {
    throw new CheckpointError(
      `there is no config.json, and of the arrays that would tell the model's sizes ${faults.join(', ')}; give the option card`,
    );
  }
  const layers = new Set(
    names.flatMap((name) => /^encoder\/encoderblock_(\d+)\//.exec(name)?.[1] ?? []),
  );
  const side = Math.sqrt(patches) * patch;
  if (!Number.isInteger(side) && given.imageSize === undefined) {
    throw new CheckpointError(
      `there is no config.json, and ${patches} patches are no square; give the option card: { config: { imageSize } }`,
    );
  }
  const { minRadius, frames } = trecvitConfig('B');
  return {
    ...officialConstants,
    ...{ layers: layers.size, width, mlpWidth, heads, lruWidth: gateBlocks * block, gateBlocks },
    ...{ taps, minRadius, patch, imageSize: [side, side], channels },
    pooling: known.has('tokenizer/cls') ? 'token' : 'average',
    ...{ headWidth, classes, frames },
    ...given,
  };
}
