import { stat } from 'node:fs/promises';
import type { DecodingPool } from '../node/index.ts';
import {
  type ClipSource,
  readClassFolders,
  readVideoTable,
  splitVideos,
  type VideoEntry,
  videoFiles,
} from '../training/index.ts';
import type { TrainFlags } from './flags.ts';
import type { CommandContext } from './run-command.ts';

/** What a training learns from, and what it is validated with. */
export interface TrainingVideos {
  readonly train: ClipSource;
  readonly validate?: ClipSource;
}

/** The videos of a folder of class folders or of a CSV. @throws RunError | the file system's error naming what is wrong. */
export async function trainingVideos(
  data: string,
  pool: DecodingPool,
  flags: TrainFlags,
  { note, signal }: CommandContext,
): Promise<TrainingVideos> {
  const { validate: heldOut, validateShare, imagesPerSecond, skipBroken, seed } = flags;
  const entries = await entriesOf(data);
  const sets = await setsOf(entries, heldOut, validateShare, seed);
  const options = {
    ...{ signal, imagesPerSecond, onWarning: note },
    broken: skipBroken ? 'skip' : 'refuse',
  } as const;
  const train = await videoFiles(sets.train, pool, options);
  const { classNames } = train;
  note(`${train.labels.length} videos of ${classNames.length} classes: ${classNames.join(', ')}`);
  if (sets.validate.length === 0) return { train };
  const validate = await videoFiles(sets.validate, pool, { ...options, classNames });
  note(`${validate.labels.length} others to validate with`);
  return { train, validate };
}

async function setsOf(
  entries: readonly VideoEntry[],
  heldOut: string | undefined,
  share: number,
  seed: number | undefined,
): Promise<{ train: readonly VideoEntry[]; validate: readonly VideoEntry[] }> {
  if (heldOut !== undefined) return { train: entries, validate: await entriesOf(heldOut) };
  if (share === 0) return { train: entries, validate: [] };
  return splitVideos(entries, { share, ...(seed === undefined ? {} : { seed }) });
}

async function entriesOf(path: string): Promise<VideoEntry[]> {
  const isFolder = (await stat(path)).isDirectory();
  return isFolder ? await readClassFolders(path) : await readVideoTable(path);
}
