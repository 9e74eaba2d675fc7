import { checkOptions, randomKey, randomPermutation } from '@neverend/backend';
import type { VideoEntry } from './video-entry.ts';

/**
 * Sets some videos of each class apart to validate with. Which ones is a function of the seed and of the paths; a video
 * is in one of both.
 *
 * @param options `share`: of each class's videos, rounded, at least one video where the class has several. Default: 0.1. `seed`: default 0.
 * @throws RangeError for a share that is not above 0 and below 1. @throws TypeError for an unknown option.
 */
export function splitVideos(
  entries: readonly VideoEntry[],
  options: { readonly share?: number; readonly seed?: number } = {},
): { train: VideoEntry[]; validate: VideoEntry[] } {
  checkOptions('splitVideos', options, ['share', 'seed']);
  const { share = 0.1, seed = 0 } = options;
  if (!(share > 0 && share < 1)) {
    throw new RangeError(`share was ${share}; it must be above 0 and below 1`);
  }
  const chosen = new Set<VideoEntry>();
  for (const label of new Set(entries.map((entry) => entry.label))) {
    // A path that comes twice would be on both sides.
    const paths = [...new Set(entries.filter((e) => e.label === label).map((e) => e.path))].sort();
    const most = paths.length - 1;
    const count = Math.min(most, Math.max(1, Math.round(share * paths.length)));
    const order = randomPermutation(randomKey(seed, 'split', label), paths.length);
    const apart = new Set([...order.subarray(0, count)].map((index) => paths[index]));
    for (const entry of entries) {
      if (entry.label === label && apart.has(entry.path)) chosen.add(entry);
    }
  }
  return {
    train: entries.filter((entry) => !chosen.has(entry)),
    validate: entries.filter((entry) => chosen.has(entry)),
  };
}
