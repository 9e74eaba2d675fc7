import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { count } from '@neverend/command-line';
import type { DecodingPool } from '../node/index.ts';
import { naturalOrder } from '../training/data/video-entry.ts';
import {
  type ClipSource,
  readClassFolders,
  readVideoTable,
  splitVideos,
  type VideoEntry,
  type VideoFilesOptions,
  videoFiles,
} from '../training/index.ts';
import { fileError } from './file-error.ts';
import type { TrainFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';

/** What a training learns from, and what it is validated with. */
export interface TrainingVideos {
  readonly train: ClipSource;
  readonly validate?: ClipSource;
}

/** Videos by their names alone. */
export interface ListedVideos {
  readonly train: readonly VideoEntry[];
  readonly validate: readonly VideoEntry[];
  readonly classNames: readonly string[];
}

/**
 * Lists the videos of a folder of class folders or of a CSV, and of the other one to validate with.
 *
 * @throws RunError naming what is wrong, also where there are not two classes.
 */
export async function listVideos(
  data: string,
  { validate: heldOut, validateShare, seed }: TrainFlags,
): Promise<ListedVideos> {
  const entries = await entriesOf(data, data === '' ? 'the data' : data);
  const classNames = [...new Set(entries.map(({ label }) => label))].sort(naturalOrder);
  if (classNames.length < 2) {
    throw new RunError(
      `${data} has one class (${classNames.join()}); a classifier needs two or more`,
    );
  }
  if (heldOut !== undefined) {
    return {
      train: entries,
      validate: await entriesOf(heldOut, `--validate ${heldOut}`),
      classNames,
    };
  }
  if (validateShare === 0) return { train: entries, validate: [], classNames };
  const options = { share: validateShare, ...(seed === undefined ? {} : { seed }) };
  return { ...splitVideos(entries, options), classNames };
}

/**
 * The videos as sources of clips.
 *
 * @param broken `unchecked` opens none. @throws RunError naming what cannot be read.
 */
export async function openVideos(
  { train, validate, classNames }: ListedVideos,
  pool: DecodingPool,
  broken: Required<VideoFilesOptions>['broken'],
  { imagesPerSecond, out }: TrainFlags,
  { note, progress, signal }: Pick<CommandContext, 'note' | 'progress' | 'signal'>,
): Promise<TrainingVideos> {
  const open = (entries: readonly VideoEntry[], title: string) =>
    videoFiles(entries, pool, {
      ...{ signal, imagesPerSecond, classNames, broken, onWarning: note },
      checkedFile: join(out, 'checked.json'),
      onProgress: (done, total) => progress({ title, done, total }),
    });
  const learned = await open(train, 'open each video once (--unchecked does not)');
  if (validate.length === 0) return { train: learned };
  return { train: learned, validate: await open(validate, 'open each video to validate with') };
}

/** Says how many videos and which classes there are. */
export function tellVideos(
  { train, validate }: TrainingVideos,
  { note }: Pick<CommandContext, 'note'>,
): void {
  const { labels, classNames } = train;
  note(
    `${count(labels.length, 'video')} of ${classNames.length} classes: ${classNames.join(', ')}`,
  );
  if (validate) note(`${count(validate.labels.length, 'other')} to validate with`);
}

async function entriesOf(path: string, what: string): Promise<VideoEntry[]> {
  const found = await stat(path).catch((cause: unknown) => {
    throw fileError(what, 'a folder with a folder of videos for each class, or a CSV', cause);
  });
  return found.isDirectory() ? await readClassFolders(path) : await readVideoTable(path);
}
