import { checkOptions, described } from '@neverend/backend';
import { RunError } from '@neverend/checkpoint/node';
import type { ReportBackend } from '../report/index.ts';
import type { Json, Learner, Progress, Stream } from '../types.ts';
import { checkJson, checkValue } from './check-value.ts';

/** One run: learners, one after the other, through one stream, into one folder. */
export interface RunOptions {
  /** The folder of the run, which is made if it is missing. If it holds an earlier part of the same run, that goes on; if anything else, it is refused. */
  readonly folder: string;
  readonly stream: Stream;
  readonly learners: readonly Learner[];
  readonly seed: number;
  readonly backend: ReportBackend;
  /** Name of these settings. Default: `custom`. */
  readonly preset?: string;
  /** How the stream was made, for `config.json` and the report. Default: its name. */
  readonly streamSettings?: Json;
  /** The command line that makes the same run again, for the report. */
  readonly command?: string;
  readonly progress?: (step: Progress) => void;
  /** Stops the run at the next step; what was done stays, and the same call goes on from there. */
  readonly signal?: AbortSignal;
}

const known: readonly (keyof RunOptions)[] = [
  ...(['folder', 'stream', 'learners', 'seed', 'backend'] as const),
  ...(['preset', 'streamSettings', 'command', 'progress', 'signal'] as const),
];

const streamFunctions = [
  'events',
  'dataset',
  'classNames',
  'domain',
] as const satisfies readonly (keyof Stream)[];
const learnerFunctions = ['init', 'train', 'predict'] as const satisfies readonly (keyof Learner)[];

const streamText = `a stream, with a name, a list of missing tasks and the functions ${streamFunctions.join(', ')}`;
const learnerText = `a learner, with the functions ${learnerFunctions.join(', ')}`;

/** @throws RunError naming the first option that is not what it must be. @throws TypeError for an unknown one. */
export function checkRunOptions(options: RunOptions): void {
  checkOptions('runStream', options, known);
  const { folder, stream, learners, seed, backend } = options;
  const { preset, streamSettings, command, progress, signal } = options;
  checkValue('folder', folder, isName(folder), 'the path of a folder');
  const isStream = hasFunctions(stream, streamFunctions) && isName(stream.name);
  checkValue('stream', stream, isStream && Array.isArray(stream.missing), streamText);
  const areLabels = [undefined, 'true', 'shuffled'].includes(stream.labels);
  checkValue('stream.labels', stream.labels, areLabels, '"true" or "shuffled"');
  checkLearners(learners);
  checkValue('seed', seed, Number.isSafeInteger(seed), 'an integer');
  const isBackend = [backend?.name, backend?.version, backend?.device].every(isName);
  checkValue('backend', backend, isBackend, 'an object with the texts name, version and device');
  checkValue('preset', preset, preset === undefined || isName(preset), 'a text');
  if (streamSettings !== undefined) checkJson('streamSettings', streamSettings);
  checkValue('command', command, command === undefined || isName(command), 'a text');
  checkValue(
    'progress',
    progress,
    ['undefined', 'function'].includes(typeof progress),
    'a function',
  );
  const isSignal = signal === undefined || hasFunctions(signal, ['throwIfAborted']);
  checkValue('signal', signal, isSignal, 'an AbortSignal');
}

function checkLearners(learners: readonly Learner[]): void {
  checkValue('learners', learners, Array.isArray(learners), 'a list of learners');
  if (learners.length === 0) throw new RunError('learners was empty; it must hold at least one');
  const seen = new Set<string>();
  for (const [at, learner] of learners.entries()) {
    const isLearner = hasFunctions(learner, learnerFunctions);
    checkValue(`learners[${at}]`, learner, isLearner, learnerText);
    const { name, title, settings } = learner;
    // `lock` is a file of the run.
    if (typeof name !== 'string' || !/^[\w-]{1,100}$/.test(name) || name.toLowerCase() === 'lock') {
      throw new RunError(
        `a learner's name was ${described(name)}; it must be at most 100 letters, digits, _ and -, and not lock`,
      );
    }
    checkValue(`learners[${at}].title`, title, isName(title), 'a text');
    checkJson(`learners[${at}].settings`, settings);
    // Names are folders, and some file systems do not tell A from a.
    if (seen.has(name.toLowerCase())) {
      throw new RunError(`two learners have the name ${name}; names must be unique in a run`);
    }
    seen.add(name.toLowerCase());
  }
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function hasFunctions<T extends object>(value: T | null, names: readonly (keyof T)[]): boolean {
  return names.every((name) => typeof value?.[name] === 'function');
}
