import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { checkOptions } from '@neverend/backend';
import { RunError } from '@neverend/checkpoint/node';
import type { DecodingPool } from '../../node/decoding-pool.ts';
import type { ClipRequest, ClipSource } from '../clip-source.ts';
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
  /** Gets a sentence about each video that is left out. */
  readonly onWarning?: (sentence: string) => void;
  /** The rate of folders of images. Default: 25. */
  readonly imagesPerSecond?: number;
  readonly signal?: AbortSignal;
}

const fields: readonly (keyof VideoFilesOptions)[] = [
  ...(['classNames', 'broken', 'onWarning', 'imagesPerSecond', 'signal'] as const),
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
  const { broken = 'refuse', imagesPerSecond, signal } = options;
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
  const videos = broken === 'unchecked' ? entries : await readable(entries, readClip, options);
  const empty = found.find((label) => !videos.some((video) => video.label === label));
  if (empty !== undefined) throw new RunError(`no video of the class ${empty} can be read`);
  return {
    classNames,
    labels: videos.map(({ label }) => classNames.indexOf(label)),
    fingerprint: await fingerprintOf(videos),
    clip: async (video, request) => {
      const entry = videos[video];
      if (entry === undefined) {
        throw new RangeError(`video was ${video}; it must be from 0 to ${videos.length - 1}`);
      }
      return await readClip(entry.path, request);
    },
  };
}

/** Those of which the first and the last picture can be decoded. */
async function readable(
  entries: readonly VideoEntry[],
  readClip: (path: string, request: ClipRequest) => Promise<unknown>,
  { broken, onWarning, signal }: VideoFilesOptions,
): Promise<readonly VideoEntry[]> {
  const onePicture = { frames: 1, framesPerSecond: 1000, shortSide: 16 };
  const reasons = await Promise.all(
    entries.map(async ({ path }) => {
      try {
        for (const place of [0, 1]) await readClip(path, { ...onePicture, place });
        return undefined;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    }),
  );
  signal?.throwIfAborted();
  const sentences = reasons.filter((reason) => reason !== undefined);
  if (sentences.length > 0 && broken !== 'skip') {
    throw new RunError(
      `${sentences.length} of ${entries.length} videos cannot be read: ${sentences.join('; ')}`,
    );
  }
  for (const sentence of sentences) onWarning?.(`left out: ${sentence}`);
  return entries.filter((_, index) => reasons[index] === undefined);
}

/** A hash of the videos' labels, names and sizes, wherever they lie. */
async function fingerprintOf(videos: readonly VideoEntry[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { path, label } of videos) {
    const found = await stat(path).catch(() => undefined);
    const size = found?.isFile() ? found.size : 0;
    hash.update(`${JSON.stringify([label, basename(path), size])}\n`);
  }
  return hash.digest('hex');
}
