import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedArray } from '../named-array.ts';
import { readSafetensors, writeSafetensors } from '../safetensors-file.ts';
import { removeParts } from './files.ts';
import { jsonDifferences, readJson, writeJson } from './json-file.ts';
import { RunError } from './run-error.ts';

/** Named arrays by the names of their files. */
export type CheckpointParts = Readonly<Record<string, Readonly<Record<string, NamedArray>>>>;

interface CheckpointFile {
  /** The folder of the safetensors files. */
  readonly arrays: string;
  readonly [name: string]: unknown;
}

const current = 'checkpoint.json';
const settingsName = 'settings.json';
const folderName = /^checkpoint-\d+-[\da-f-]{36}$/;

/**
 * Replaces the checkpoint of a run in one step: arrays go into a new folder, one file for each part; `checkpoint.json`, which holds the state, then names this folder
 * in the place of the one before, which is removed.
 *
 * @param state JSON; `step` names the folder.
 */
export async function writeRunCheckpoint(
  folder: string,
  state: { readonly step: number },
  parts: CheckpointParts,
): Promise<void> {
  const arrays = `checkpoint-${state.step}-${randomUUID()}`;
  await mkdir(join(folder, arrays));
  for (const [name, content] of Object.entries(parts)) {
    await writeSafetensors(join(folder, arrays, `${name}.safetensors`), content);
  }
  const file: CheckpointFile = { ...state, arrays };
  await writeJson(join(folder, current), file);
  await removeOthers(folder, arrays);
}

/** @returns what was written last; undefined where there is nothing yet. @throws RunError when it is not whole. */
export async function readRunCheckpoint(
  folder: string,
): Promise<{ readonly state: unknown; readonly parts: CheckpointParts } | undefined> {
  const file = (await readJson(join(folder, current))) as CheckpointFile | undefined;
  if (file === undefined) return undefined;
  const { arrays, ...state } = file;
  try {
    const parts: Record<string, CheckpointParts[string]> = {};
    for (const name of (await readdir(join(folder, arrays))).sort()) {
      const { tensors } = await readSafetensors(join(folder, arrays, name));
      parts[name.replace(/\.safetensors$/, '')] = tensors;
    }
    return { state, parts };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RunError(
      `the checkpoint in ${folder} is damaged (${reason}); delete this folder to start again`,
      { cause },
    );
  }
}

/**
 * Writes what a run is a function of into `settings.json`, where it has no checkpoint yet.
 *
 * @throws RunError naming what differs where it has one.
 */
export async function keepRunSettings(folder: string, settings: object): Promise<void> {
  if (!(await checkRunSettings(folder, settings))) {
    await writeJson(join(folder, settingsName), settings);
  }
}

/** @returns whether the run has a checkpoint. @throws RunError naming what differs from the settings of one that has. */
export async function checkRunSettings(folder: string, settings: object): Promise<boolean> {
  // Nothing is lost with a run that has none.
  if ((await readJson(join(folder, current))) === undefined) return false;
  const before = await readJson(join(folder, settingsName));
  const differences = jsonDifferences(before, JSON.parse(JSON.stringify(settings)));
  if (differences.length > 0) {
    throw new RunError(
      `${folder} holds a run with other settings (${differences.join('; ')}); give it the same ones or use another folder`,
    );
  }
  return true;
}

/** Removes what a run that was killed left behind. */
export async function removeRunLeftovers(folder: string): Promise<void> {
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
