import { imagesOf } from '../node/decode-images.ts';
import { kindOf } from '../node/video-source.ts';
import { modelPlace } from '../pretrained/model-place.ts';
import type { ModelFlags } from './options.ts';
import { readLabels } from './read-labels.ts';

// Backend and model take seconds to load; what is not there is told before.

/** @throws VideoError when there is no such video. */
export async function checkVideo(path: string): Promise<void> {
  if ((await kindOf(path)) === 'folder') await imagesOf(path);
}

/** @throws CheckpointError | RunError when a checkpoint on disk, or the labels, are not there. */
export async function checkModel(
  checkpoint: string | undefined,
  { labels }: Pick<ModelFlags, 'labels'> = {},
): Promise<void> {
  if (checkpoint !== undefined) {
    const nothing = { signal: undefined, offline: true, cache: false, onBytes: () => undefined };
    await modelPlace(checkpoint, nothing);
  }
  if (labels !== undefined) await readLabels(labels);
}
