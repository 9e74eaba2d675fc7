import { checkOptions } from '@neverend/backend';
import { RunError } from '@neverend/checkpoint/node';
import type { DecodingPool } from '../../node/decoding-pool.ts';
import type { ClipRequest, ClipSource } from '../clip-source.ts';
import { findBroken, keepBroken, knownBroken } from './broken-videos.ts';
import { fingerprintOf } from './fingerprint.ts';
import { naturalOrder, type VideoEntry } from './video-entry.ts';

/** How video files are taken. */
export interface VideoFilesOptions {
  /** The classes, such as those of another source. Default: the labels that there are, in the order of their names. */
  readonly classNames?: readonly string[];
  /**
   * What becomes of videos that cannot be read: `refuse` names all of them in one error; `skip` leaves them out. `unchecked` does not
   * look, which saves the time of opening each of very many videos: one that is broken then ends the training that comes to it.
   * Default: `refuse`.
   */
  readonly broken?: 'refuse' | 'skip' | 'unchecked';
  /**
   * A file, in a folder that is there, which keeps what a check has found: the same videos, by labels, names, sizes and some bytes, are not
   * opened again. What it knows to be broken is left out where `broken` is `unchecked`. Default: none, and each call checks.
   */
  readonly checkedFile?: string;
  /** Is told how many videos are checked. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Gets a sentence about each video that is left out. */
  readonly onWarning?: (sentence: string) => void;
  /** The rate of folders of images. Default: 25. */
  readonly imagesPerSecond?: number;
  readonly signal?: AbortSignal;
}

const fields: readonly (keyof VideoFilesOptions)[] = [
  ...(['classNames', 'broken', 'checkedFile', 'onProgress', 'onWarning'] as const),
  ...(['imagesPerSecond', 'signal'] as const),
];

/**
 * Video files as a source of clips, decoded on the threads of a pool.
 *
 * @param entries as `readClassFolders` and `readVideoTable` give them. @param pool stays the caller's to dispose, after the source's last use.
 * @throws RunError naming all videos that cannot be read, a label that is none of the classes, or a class of which no video is left.
 * @throws TypeError for an unknown option.
 */
export async function videoFiles(
  entries: readonly VideoEntry[],
  pool: DecodingPool,
  options: VideoFilesOptions = {},
): Promise<ClipSource> {
  checkOptions('videoFiles', options, fields);
  const { imagesPerSecond, signal } = options;
  const found = [...new Set(entries.map(({ label }) => label))].sort(naturalOrder);
  const { classNames = found } = options;
  const unknown = found.filter((label) => !classNames.includes(label));
  if (unknown.length > 0) {
    throw new RunError(
      `videos have the labels ${unknown.join(', ')}, which are no classes; the classes are ${classNames.join(', ')}`,
    );
  }
  const readClip = (path: string, request: ClipRequest) =>
    pool.readClip(path, {
      ...request,
      ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
      ...(signal && { signal }),
    });
  const all = await fingerprintOf(entries);
  const videos = await readable(entries, all, readClip, options);
  const empty = found.find((label) => !videos.some((video) => video.label === label));
  if (empty !== undefined) throw new RunError(`no video of the class ${empty} can be read`);
  return {
    classNames,
    labels: videos.map(({ label }) => classNames.indexOf(label)),
    fingerprint: videos.length === entries.length ? all : await fingerprintOf(videos),
    clip: async (video, request) => {
      const entry = videos[video];
      if (entry === undefined) {
        throw new RangeError(`video was ${video}; it must be from 0 to ${videos.length - 1}`);
      }
      return await readClip(entry.path, request);
    },
  };
}

/** Those that are not broken, or not known to be. */
async function readable(
  entries: readonly VideoEntry[],
  fingerprint: string,
  readClip: (path: string, request: ClipRequest) => Promise<unknown>,
  options: VideoFilesOptions,
): Promise<readonly VideoEntry[]> {
  const { broken = 'refuse', checkedFile, onProgress = () => {}, onWarning, signal } = options;
  const known = await knownBroken(checkedFile, fingerprint);
  if (known === undefined && broken === 'unchecked') return entries;
  const found = known ?? (await findBroken(entries, readClip, signal, onProgress));
  const sentences = Object.values(found);
  if (sentences.length > 0 && broken === 'refuse') {
    throw new RunError(
      `${sentences.length} of ${entries.length} videos cannot be read: ${sentences.join('; ')}`,
    );
  }
  if (known === undefined) await keepBroken(checkedFile, fingerprint, found);
  for (const sentence of sentences) onWarning?.(`left out: ${sentence}`);
  return entries.filter((_, index) => found[index] === undefined);
}
