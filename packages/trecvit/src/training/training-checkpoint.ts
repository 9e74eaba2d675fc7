import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  RunError,
  readJson,
  readSafetensors,
  removeParts,
  writeJson,
  writeSafetensors,
} from '@neverend/checkpoint/node';
import type { Evaluation } from './evaluate-classifier.ts';
import type { SavedParams } from './trained-params.ts';

/** An evaluation, and the step that it came after. */
export interface StepEvaluation extends Evaluation {
  readonly step: number;
}

/** Where a training stands: what `checkpoint.json` says. */
export interface TrainingState {
  /** Number of steps that are done. */
  readonly step: number;
  /** How much of `metrics.jsonl` was written then. */
  readonly metricsBytes: number;
  readonly evaluation?: StepEvaluation;
}

interface CheckpointFile extends TrainingState {
  /** The folder of the safetensors files. */
  readonly arrays: string;
}

const current = 'checkpoint.json';
const folderName = /^checkpoint-\d+-[\da-f-]{36}$/;

/**
 * Replaces the checkpoint of a run in one step: arrays go into a new folder, one file each for `params`, `optimizer` and `average`;
 * `checkpoint.json` then names this folder in the place of the one before, which is removed.
 */
export async function writeCheckpoint(
  folder: string,
  state: TrainingState,
  saved: SavedParams,
): Promise<void> {
  const arrays = `checkpoint-${state.step}-${randomUUID()}`;
  await mkdir(join(folder, arrays));
  for (const [name, content] of Object.entries(saved)) {
    await writeSafetensors(join(folder, arrays, `${name}.safetensors`), content);
  }
  const file: CheckpointFile = { ...state, arrays };
  await writeJson(join(folder, current), file);
  await removeOthers(folder, arrays);
}

export async function hasCheckpoint(folder: string): Promise<boolean> {
  return (await readJson(join(folder, current))) !== undefined;
}

/** @returns undefined where there is none yet. @throws RunError when it is not whole. */
export async function readCheckpoint(
  folder: string,
): Promise<{ readonly state: TrainingState; readonly saved: SavedParams } | undefined> {
  const file = (await readJson(join(folder, current))) as CheckpointFile | undefined;
  if (file === undefined) return undefined;
  const { arrays, ...state } = file;
  try {
    const names = await readdir(join(folder, arrays));
    const read = async (name: string) =>
      (await readSafetensors(join(folder, arrays, `${name}.safetensors`))).tensors;
    const saved: SavedParams = {
      params: await read('params'),
      optimizer: await read('optimizer'),
      ...(names.includes('average.safetensors') ? { average: await read('average') } : {}),
    };
    return { state, saved };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RunError(
      `the checkpoint in ${folder} is damaged (${reason}); delete this folder to start again`,
      { cause },
    );
  }
}

/** Removes what a run that was killed left behind. */
export async function removeLeftovers(folder: string): Promise<void> {
  await removeParts(folder);
  const file = (await readJson(join(folder, current))) as CheckpointFile | undefined;
  await removeOthers(folder, file?.arrays);
}

async function removeOthers(folder: string, kept: string | undefined): Promise<void> {
  for (const name of await readdir(folder)) {
    if (folderName.test(name) && name !== kept) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
