import { type LoadVitOptions, loadVit, type VitLayout } from '@neverend/attention';
import { randomKey } from '@neverend/backend';
import { CheckpointError, type NamedArray } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { type TRecViTConfig, type TRecViTSize, trecvitConfig } from '../config.ts';
import { initTRecViT } from '../init.ts';
import { openArrays } from '../open-arrays.ts';
import { inFile, textOf } from '../pretrained/load-pretrained.ts';
import { modelPlace } from '../pretrained/model-place.ts';
import { TRecViT } from '../trecvit.ts';
import { withVitBlocks } from '../vit-blocks.ts';
import type { ConvertFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';

/** Where each layout has its patch kernel, which axis of it is the width, and what most of its models have, where no config.json says it. */
const layouts: readonly {
  readonly layout: VitLayout;
  readonly kernel: RegExp;
  readonly axis: number;
  readonly usual: Pick<LoadVitOptions, 'gelu' | 'eps'>;
}[] = [
  { layout: 'flax', kernel: /^embedding\/kernel$/, axis: 3, usual: {} },
  {
    layout: 'timm',
    kernel: /^patch_embed\.proj\.weight$/,
    axis: 0,
    usual: { gelu: 'erf', eps: 1e-6 },
  },
  {
    layout: 'transformers',
    kernel: /patch_embedding(s\.projection)?\.weight$/,
    axis: 0,
    usual: { gelu: 'erf', eps: 1e-12 },
  },
];

const sizesByWidth: Readonly<Record<number, TRecViTSize>> = {
  192: 'Ti',
  384: 'S',
  768: 'B',
  1024: 'L',
};

/**
 * A new model with the blocks of a vision transformer, of the size that has its width. The caller's to dispose.
 *
 * @throws CheckpointError when the file is no vision transformer of a size of the paper. @throws as `withVitBlocks` does.
 */
export async function vitModel(
  path: string,
  flags: Pick<ConvertFlags, 'form' | 'offline' | 'cache'>,
  context: CommandContext,
): Promise<TRecViT> {
  const { note } = context;
  const { arrays, card } = await readAll(path, flags, context);
  const names = Object.keys(arrays);
  const found = layouts
    .map((one) => ({ ...one, name: names.find((name) => one.kernel.test(name)) }))
    .find(({ name }) => name !== undefined);
  const width = found && arrays[found.name as string]?.shape[found.axis];
  const size = width === undefined ? undefined : sizesByWidth[width];
  if (found === undefined || size === undefined) {
    throw new CheckpointError(
      `${path} is no vision transformer of a width of ${Object.keys(sizesByWidth).join(', ')} in the layout of flax, timm or transformers`,
    );
  }
  const { heads } = trecvitConfig(size, flags.form);
  const { layout, usual } = found;
  const said = card === undefined ? { heads, ...usual } : { config: parsed(path, card) };
  // Published code of flax has one form of GELU and one epsilon.
  const loaded = layout === 'flax' ? undefined : loadVit(arrays, { layout, ...said });
  tf.dispose(loaded?.params ?? {});
  const { gelu = 'tanh', eps = 1e-6 } = loaded?.config ?? {};
  const config = trecvitConfig(size, flags.form, {
    gelu: gelu as TRecViTConfig['gelu'],
    normEps: eps,
  });
  const fresh = initTRecViT(randomKey(0, 'model'), config);
  const { params, kept, unused } = withVitBlocks(fresh, arrays, config, { layout });
  note(`TRecViT-${size} with ${Object.keys(params).length - kept.length} parameters of the ViT`);
  note(`not taken: ${unused.length === 0 ? 'nothing' : unused.join(', ')}`);
  return new TRecViT(config, params);
}

function parsed(path: string, card: string): unknown {
  try {
    return JSON.parse(card);
  } catch (cause) {
    throw new CheckpointError(`${path}: its config.json is no JSON`, { cause });
  }
}

async function readAll(
  path: string,
  flags: Pick<ConvertFlags, 'offline' | 'cache'>,
  { progress, signal }: CommandContext,
): Promise<{ readonly arrays: Record<string, NamedArray>; readonly card: string | undefined }> {
  const { offline = false, cache = true } = flags;
  const place = await modelPlace(path, { signal, offline, cache, onBytes: () => undefined });
  const file = await place.openWeights();
  let isRead = false;
  try {
    return await inFile(file.label, async () => {
      const { names, read } = await openArrays(file.source);
      const arrays: Record<string, NamedArray> = {};
      for (const [index, name] of names.entries()) {
        signal.throwIfAborted();
        arrays[name] = await read(name);
        progress({ title: `load ${path}`, done: index + 1, total: names.length });
      }
      const card = await place.openCard().then((opened) => opened && textOf(opened, signal));
      isRead = true;
      return { arrays, card };
    });
  } finally {
    await file.close(isRead);
  }
}
