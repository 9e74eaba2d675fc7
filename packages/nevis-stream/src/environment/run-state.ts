import { createHash } from 'node:crypto';
import { join } from 'node:path';
import {
  RunError,
  readFileIfPresent,
  stableJson,
  writeFileAtomic,
  writeJson,
} from '@neverend/checkpoint/node';
import type { Json } from '../types.ts';
import type { EventRecord } from './records.ts';

/** Where a learner stands in its stream. */
export interface RunState {
  /** Number of events that are done. */
  readonly completed: number;
  readonly learner: Json;
  readonly records: readonly EventRecord[];
}

const current = 'checkpoint.json';
const previous = 'checkpoint.previous.json';

/** Replaces the checkpoint; the one before stays beside it, in case the disk damages the new one. */
export async function writeRunState(folder: string, state: RunState): Promise<void> {
  const old = await readFileIfPresent(join(folder, current));
  if (old !== undefined && parse(old) !== undefined) {
    await writeFileAtomic(join(folder, previous), old);
  }
  const sha256 = digest(state);
  await writeJson(join(folder, current), { sha256, state });
}

/**
 * The newest checkpoint that is whole, or undefined where there is none yet.
 *
 * @throws RunError when there are checkpoints and all of them are damaged.
 */
export async function readRunState(folder: string): Promise<RunState | undefined> {
  const files = await Promise.all(
    [current, previous].map((name) => readFileIfPresent(join(folder, name))),
  );
  const present = files.filter((bytes) => bytes !== undefined);
  if (present.length === 0) return undefined;
  for (const bytes of present) {
    const state = parse(bytes);
    if (state !== undefined) return state;
  }
  throw new RunError(`the checkpoints in ${folder} are damaged; delete this folder to start again`);
}

function parse(bytes: Uint8Array): RunState | undefined {
  try {
    const { sha256, state } = JSON.parse(new TextDecoder().decode(bytes));
    return sha256 === digest(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

const digest = (state: RunState): string =>
  createHash('sha256').update(stableJson(state)).digest('hex');
