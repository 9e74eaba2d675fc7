import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  hasCode,
  jsonDifferences,
  RunError,
  readJson,
  stableJson,
  writeJson,
} from '@neverend/checkpoint/node';
import { quoted } from '@neverend/command-line';
import type { Json } from '../types.ts';
import { customPreset, type RunConfig } from './run-config.ts';

/** What a run has in its folder before it has its settings there. */
const early = /^lock$|^\.(lock|config\.json)\..*\.(part|claim)$/;

/** What a learner goes on from. */
const work = ['checkpoint.json', 'checkpoint.previous.json', 'training.safetensors'];

/** How many of a list are told before the rest is counted. */
const most = 3;

/** Whether the content of a `config.json` is that of a run. */
export function isRunConfig(content: unknown): content is RunConfig {
  const { preset, seed, backend, learners } = (content ?? {}) as Partial<RunConfig>;
  return (
    typeof preset === 'string' &&
    Number.isSafeInteger(seed) &&
    typeof backend?.name === 'string' &&
    Array.isArray(learners) &&
    learners.length > 0 &&
    learners.every((learner) => typeof learner?.name === 'string')
  );
}

/**
 * Looks at a folder and writes nothing.
 *
 * @throws RunError when it is neither empty nor that of a run with these settings, by which each learner in it has done what it has.
 */
export async function checkFolder(folder: string, config: RunConfig): Promise<void> {
  const all = await namesIn(folder);
  if (all.length === 0) return;
  const found = all.filter((name) => !early.test(name)).sort();
  const before = await readJson(join(folder, 'config.json'));
  if (!isRunConfig(before)) {
    if (found.length === 0) return;
    throw new RunError(
      `${folder} holds no run and is not empty (${atMost(found, ', ')}); give a folder that is empty or does not exist yet`,
    );
  }
  const differences = configDifferences(before, config);
  if (differences !== '') {
    const again =
      before.preset === customPreset
        ? 'run the program that made it, with those'
        : `go on with those by: nevis resume ${quoted(folder)}`;
    throw new RunError(
      `${folder} holds a run with other settings (${differences}); use another folder, or ${again}`,
    );
  }
  for (const { name } of config.learners) await checkLearnerFolder(folder, name, config);
}

/** @throws RunError when what a learner has done was done with other settings than the run's `config.json` has now. */
async function checkLearnerFolder(folder: string, name: string, config: RunConfig): Promise<void> {
  const own = join(folder, name);
  if (!(await namesIn(own)).some((file) => work.includes(file))) return;
  const path = join(own, 'config.json');
  const before = await readJson(path);
  if (!isRunConfig(before)) {
    const state = before === undefined ? 'is missing' : 'is not one of a run';
    throw new RunError(
      `${path} ${state}: it says what the learner's numbers were made with, and earlier versions kept none; restore it, or delete ${own} to start the learner again`,
    );
  }
  const differences = configDifferences(before, config);
  if (differences === '') return;
  throw new RunError(
    `${own} was made with other settings than ${join(folder, 'config.json')} has now (${differences}); restore those, or use another folder`,
  );
}

/**
 * Writes the settings of a run into a folder that `checkFolder` has looked at.
 *
 * @returns whether they were not there yet.
 */
export async function writeConfig(folder: string, config: RunConfig): Promise<boolean> {
  const path = join(folder, 'config.json');
  if ((await readJson(path)) !== undefined) return false;
  await writeJson(path, config);
  return true;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    // What is no folder is refused where it would be made.
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** The first of a list, and how many more there are. */
export function atMost(list: readonly string[], separator: string): string {
  const more = list.length > most ? `${separator}and ${list.length - most} more` : '';
  return `${list.slice(0, most).join(separator)}${more}`;
}

/** What differs, empty for nothing: what a user gives by name, and where that is the same, the first of the rest. */
function configDifferences(before: RunConfig, config: RunConfig): string {
  const after: RunConfig = JSON.parse(stableJson(config));
  const labels = ({ stream }: RunConfig) => (stream as { readonly labels?: Json } | null)?.labels;
  const given = [
    ...jsonDifferences(before.preset, after.preset, 'preset'),
    ...jsonDifferences(before.seed, after.seed, 'seed'),
    ...jsonDifferences(before.backend.name, after.backend.name, 'backend'),
    // A program's own stream may have none.
    ...(labels(before) === undefined || labels(after) === undefined
      ? []
      : jsonDifferences(labels(before), labels(after), 'stream.labels')),
    ...jsonDifferences(before.program, after.program, 'program'),
  ];
  // Learners and stream follow from the preset, the device from the backend.
  if (given.length > 0) return given.join('; ');
  const names = ({ learners }: RunConfig) => learners.map((learner) => learner.name);
  const otherNames = jsonDifferences(names(before).join(), names(after).join(), 'learners');
  const ofLearners = after.learners.flatMap((learner, index) =>
    jsonDifferences(before.learners[index], learner, learner.name),
  );
  const others = [
    ...jsonDifferences(before.backend, after.backend, 'backend'),
    ...jsonDifferences(before.stream, after.stream, 'stream'),
    ...(otherNames.length > 0 ? otherNames : ofLearners),
    ...jsonDifferences(before.schema, after.schema, 'schema'),
  ];
  return atMost(others, '; ');
}
