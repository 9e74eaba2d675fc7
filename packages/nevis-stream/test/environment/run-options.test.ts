import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RunOptions } from '../../src/environment/run-options.ts';
import { runStream } from '../../src/environment/run-stream.ts';
import { meansLearner, toyStream } from './toy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nevis-options-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const backend = { name: 'none', version: '0', device: 'none' };
const learner = meansLearner();
const ring: Record<string, unknown> = {};
ring['self'] = ring;
const streamText =
  'a stream, with a name, a list of missing tasks and the functions events, dataset, classNames, domain';
const missing = { year: 2003, name: 'M', fix: 'npm install m' };
const learnerText = 'a learner, with the functions init, train, predict';
const nameText = 'at most 100 letters, digits, _ and -, and not lock';

it.each<[object, string]>([
  [{ folder: '' }, 'folder was ""; it must be the path of a folder'],
  [{ folder: undefined }, 'folder was undefined; it must be the path of a folder'],
  [{ stream: null }, `stream was null; it must be ${streamText}`],
  [{ stream: 'nevis-open' }, `stream was "nevis-open"; it must be ${streamText}`],
  [{ stream: {} }, `stream was an object; it must be ${streamText}`],
  [
    { stream: { ...toyStream(), missing: undefined } },
    `stream was an object; it must be ${streamText}`,
  ],
  [
    { stream: { ...toyStream(), labels: 'random' } },
    'stream.labels was "random"; it must be "true" or "shuffled"',
  ],
  [{ learners: null }, 'learners was null; it must be a list of learners'],
  [{ learners: learner }, 'learners was an object; it must be a list of learners'],
  [{ learners: [] }, 'learners was empty; it must hold at least one'],
  [{ learners: [learner, null] }, `learners[1] was null; it must be ${learnerText}`],
  [{ learners: [{}] }, `learners[0] was an object; it must be ${learnerText}`],
  [
    { learners: [{ ...learner, predict: 1 }] },
    `learners[0] was an object; it must be ${learnerText}`,
  ],
  [
    { learners: [{ ...learner, name: undefined }] },
    `a learner's name was undefined; it must be ${nameText}`,
  ],
  [
    { learners: [{ ...learner, name: 'x'.repeat(101) }] },
    `a learner's name was "${'x'.repeat(101)}"; it must be ${nameText}`,
  ],
  [
    { learners: [{ ...learner, title: undefined }] },
    'learners[0].title was undefined; it must be a text',
  ],
  [{ learners: [{ ...learner, title: '' }] }, 'learners[0].title was ""; it must be a text'],
  [
    { learners: [{ ...learner, settings: undefined }] },
    'learners[0].settings was undefined; it must be JSON',
  ],
  [
    { learners: [{ ...learner, settings: { flops: 1n } }] },
    'learners[0].settings.flops was 1n; it must be JSON',
  ],
  ...(
    [
      [() => 1, ' was a function'],
      [Number.NaN, ' was NaN'],
      [{ rate: Number.POSITIVE_INFINITY }, '.rate was Infinity'],
      [{ seed: undefined }, '.seed was undefined'],
      [{ rates: [0.1, Number.NaN] }, '.rates[1] was NaN'],
      [new Map([['rate', 1]]), ' was an object of Map'],
      [{ at: new Date(0) }, '.at was an object of Date'],
      [{ rates: new Float32Array(1) }, '.rates was an object of Float32Array'],
      [{ make: () => 1 }, '.make was a function'],
      [{ name: Symbol('x') }, '.name was Symbol(x)'],
      [ring, '.self was a part of itself'],
    ] as const
  ).flatMap(([value, was]): [object, string][] => [
    [
      { learners: [{ ...learner, settings: value }] },
      `learners[0].settings${was}; it must be JSON`,
    ],
    [{ streamSettings: value }, `streamSettings${was}; it must be JSON`],
  ]),
  [{ seed: '1' }, 'seed was "1"; it must be an integer'],
  [
    { backend: null },
    'backend was null; it must be an object with the texts name, version and device',
  ],
  [
    { backend: { name: 'cpu' } },
    'backend was an object; it must be an object with the texts name, version and device',
  ],
  [{ preset: 5 }, 'preset was 5; it must be a text'],
  [{ streamSettings: 1n }, 'streamSettings was 1n; it must be JSON'],
  [{ command: 5 }, 'command was 5; it must be a text'],
  [{ progress: true }, 'progress was true; it must be a function'],
  [{ signal: {} }, 'signal was an object; it must be an AbortSignal'],
])('runStream with %o says what it must be, before it writes a file', async (change, message) => {
  const options = { folder, stream: toyStream(), learners: [learner], seed: 0, backend };
  await expect(runStream({ ...options, ...change } as RunOptions)).rejects.toThrow(
    new RunError(message),
  );
  expect(await readdir(folder)).toEqual([]);
});

it.each<[unknown, string]>([
  [null, 'missing[1] was null; it must be an object with year, name and fix'],
  [{ ...missing, year: undefined }, 'missing[1].year was undefined; it must be an integer'],
  [{ ...missing, name: 5 }, 'missing[1].name was 5; it must be a text'],
  [{ ...missing, fix: undefined }, 'missing[1].fix was undefined; it must be a text'],
])('runStream refuses the missing task %j before it writes a file', async (one, message) => {
  const stream = { ...toyStream(), missing: [missing, one] } as unknown as RunOptions['stream'];
  const options = { folder, stream, learners: [learner], seed: 0, backend };
  await expect(runStream(options)).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual([]);
});
