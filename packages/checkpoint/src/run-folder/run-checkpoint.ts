import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { NamedArray, SlicedArray } from '../named-array.ts';
import { isSystemError, ofPath } from '../of-path.ts';
import type { OpenSafetensors } from '../open-safetensors.ts';
import {
  openSafetensorsFile,
  type SafetensorsFile,
  writeSafetensors,
} from '../safetensors-file.ts';
import { hasCode, removeParts } from './files.ts';
import { jsonDifferences, readJson, writeJson } from './json-file.ts';
import { RunError } from './run-error.ts';

/** Arrays, arrays in slices or tensors of TensorFlow.js, which are read in slices, by the names of their files. */
export type CheckpointParts = Readonly<
  Record<string, Readonly<Record<string, NamedArray | SlicedArray | Tensor>>>
>;

/** Arrays by the names of their files. */
export type ReadParts = Readonly<Record<string, Readonly<Record<string, NamedArray>>>>;

interface CheckpointFile {
  /** The folder of the safetensors files. */
  readonly arrays: string;
  readonly [name: string]: unknown;
}

const current = 'checkpoint.json';
const settingsName = 'settings.json';
const suffix = '.safetensors';
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
  await ofPath(folder, () => mkdir(join(folder, arrays)));
  for (const [name, content] of Object.entries(parts)) {
    await writeSafetensors(join(folder, arrays, `${name}${suffix}`), content);
  }
  const file: CheckpointFile = { ...state, arrays };
  await writeJson(join(folder, current), file);
  await removeOthers(folder, arrays);
}

/** @returns what was written last, all of it in memory; undefined where there is nothing yet. @throws RunError when it is not whole. */
export function readRunCheckpoint(
  folder: string,
): Promise<{ readonly state: unknown; readonly parts: ReadParts } | undefined> {
  return withRunCheckpoint(folder, async (state, files) => {
    const parts: Record<string, ReadParts[string]> = {};
    for (const [part, file] of Object.entries(files)) {
      const arrays: Record<string, NamedArray> = {};
      for (const name of file.names) arrays[name] = await file.read(name);
      parts[part] = arrays;
    }
    return { state, parts };
  });
}

/**
 * Lets `use` read from what was written last: of large arrays some rows at a time.
 *
 * @param use is given the state, and the files of the parts, which are open until it has ended.
 * @returns what it returns; undefined where there is nothing yet. @throws RunError when the checkpoint is not whole.
 */
export async function withRunCheckpoint<T>(
  folder: string,
  use: (state: unknown, files: Readonly<Record<string, OpenSafetensors>>) => Promise<T>,
): Promise<T | undefined> {
  const file = (await readJson(join(folder, current))) as CheckpointFile | undefined;
  if (file === undefined) return undefined;
  const { arrays, ...state } = file;
  const files: Record<string, SafetensorsFile> = {};
  try {
    const names = (await readdir(join(folder, arrays))).filter((name) => name.endsWith(suffix));
    for (const name of names.sort()) {
      const part = name.slice(0, -suffix.length);
      files[part] = await openSafetensorsFile(join(folder, arrays, name));
    }
    return await use(state, files);
  } catch (cause) {
    // A full heap or too many open files says nothing of the run.
    if (hasCode(cause, 'NEVEREND_BACKEND') || (isSystemError(cause) && !hasCode(cause, 'ENOENT'))) {
      throw cause;
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RunError(
      `the checkpoint in ${folder} is damaged (${reason}); delete this folder to start again`,
      { cause },
    );
  } finally {
    await Promise.all(Object.values(files).map((one) => one.close()));
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
