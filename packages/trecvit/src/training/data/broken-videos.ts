import { readJson, writeJson } from '@neverend/checkpoint/node';
import { readAhead } from '../read-ahead.ts';
import type { ClipRequest } from '../clip-source.ts';
import type { VideoEntry } from './video-entry.ts';

/** Why videos cannot be read, by their number; those that can are not in it. */
export type Broken = Readonly<Record<number, string>>;

/** What a check left in its file, by the fingerprint of the videos. */
type Known = Readonly<Record<string, Broken>>;

/** What an earlier check found. @returns undefined where these videos were not checked, or no file is kept. */
export async function knownBroken(
  file: string | undefined,
  fingerprint: string,
): Promise<Broken | undefined> {
  return file === undefined ? undefined : ((await readJson(file)) as Known)?.[fingerprint];
}

/** Lets `knownBroken` know, also of other videos that the file has. */
export async function keepBroken(
  file: string | undefined,
  fingerprint: string,
  broken: Broken,
): Promise<void> {
  if (file === undefined) return;
  await writeJson(file, { ...((await readJson(file)) as Known), [fingerprint]: broken });
}

/** The videos of which the first or the last picture cannot be decoded. @throws the signal's reason. */
export async function findBroken(
  entries: readonly VideoEntry[],
  readClip: (path: string, request: ClipRequest) => Promise<unknown>,
  signal: AbortSignal | undefined,
  onProgress: (done: number, total: number) => void,
): Promise<Broken> {
  const onePicture = { frames: 1, framesPerSecond: 1000, shortSide: 16 };
  const jobs = entries.map(({ path }) => async () => {
    try {
      for (const place of [0, 1]) await readClip(path, { ...onePicture, place });
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  const broken: Record<number, string> = {};
  let done = 0;
  onProgress(done, entries.length);
  // More than a pool has threads, so that none of them waits.
  for await (const reason of readAhead(jobs, 16)) {
    signal?.throwIfAborted();
    if (reason !== undefined) broken[done] = reason;
    done += 1;
    onProgress(done, entries.length);
  }
  return broken;
}
