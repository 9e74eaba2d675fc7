import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RunError } from '@neverend/checkpoint/node';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonFault } from '../../src/environment/json-fault.ts';
import { runStream } from '../../src/environment/run-stream.ts';
import type { Learner, LearnerContext, PredictionBatch } from '../../src/types.ts';
import { meansLearner, toyStream } from './toy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nevis-learner-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const backend = { name: 'none', version: '0', device: 'none' };
const means = meansLearner();

/** Runs a learner that is wrong in one way. @returns what is said of it. */
async function messageOf(change: object): Promise<string> {
  const learners = [{ ...meansLearner('odd'), ...change } as Learner];
  const run = runStream({ folder, stream: toyStream(), learners, seed: 3, backend });
  const error = await run.then(
    () => new Error('it ran'),
    (error: unknown) => error,
  );
  if (!(error instanceof RunError)) throw new Error(`it was no RunError but ${String(error)}`);
  return error.message;
}

/** `train` that gives something else at the end. */
const giving = (change: (result: object) => unknown) => ({
  train: async (...args: Parameters<Learner['train']>) => change(await means.train(...args)),
});
const usage = (change: object) =>
  giving((result) => ({
    ...result,
    usage: { flops: { train: 1n, validation: 0n, prediction: 0n }, peakParameters: 3, ...change },
  }));
const summary = (change: object) =>
  giving((result) => ({
    ...result,
    summary: {
      ...{ trials: [], chosen: null, startedFrom: null, startSha256: 'a', endSha256: 'b' },
      ...change,
    },
  }));
const throwing = (thrown: unknown) => async () => {
  throw thrown;
};
/** `predict` that changes each batch, and what it gives at the end. */
const predicting = (change: (batch: PredictionBatch) => unknown, end?: unknown) => ({
  async *predict(...args: Parameters<Learner['predict']>) {
    const all = means.predict(...args);
    for (let next = await all.next(); ; next = await all.next()) {
      if (next.done === true) return end;
      yield change(next.value);
    }
  },
});
const inTrain = (use: (context: LearnerContext) => unknown) => ({
  train: async (...[, , context]: Parameters<Learner['train']>) => use(context),
});

const at = 'the learner odd on Bright - A (2001): ';

describe('a learner of a program fails in one sentence that names it and the task, where', () => {
  it.each<[string, object, string]>([
    [
      'train gives nothing',
      giving(() => undefined),
      'what train gave was undefined; it must be an object with state, usage, summary',
    ],
    [
      'train gives a list',
      giving(() => []),
      'what train gave was a list; it must be an object with state, usage, summary',
    ],
    [
      'train gives no state',
      giving(({ ...result }) => ({ ...result, state: undefined })),
      'state was undefined; it must be JSON',
    ],
    [
      'its state is no JSON',
      giving((result) => ({ ...result, state: { seen: new Map() } })),
      'state.seen was an object of Map; it must be JSON',
    ],
    [
      'train gives no usage',
      giving((result) => ({ ...result, usage: undefined })),
      'usage was undefined; it must be an object with flops and peakParameters',
    ],
    [
      'it counts no operations',
      usage({ flops: undefined }),
      'usage.flops was undefined; it must be an object with train, validation, prediction',
    ],
    [
      'it counts in numbers',
      usage({ flops: { train: 5 } }),
      'usage.flops.train was 5; it must be a bigint of 0n or more',
    ],
    [
      'it counts below nothing',
      usage({ flops: { train: -5n } }),
      'usage.flops.train was -5n; it must be a bigint of 0n or more',
    ],
    [
      'its parameters are not counted',
      usage({ peakParameters: Number.NaN }),
      'usage.peakParameters was NaN; it must be an integer of 0 or more',
    ],
    [
      'train gives no summary',
      giving((result) => ({ ...result, summary: null })),
      'summary was null; it must be a summary of the training',
    ],
    [
      'its trials are none',
      summary({ trials: null }),
      'summary.trials was null; it must be a list of trials',
    ],
    [
      'a trial lacks a number',
      summary({ trials: [{ learningRate: 1 }] }),
      'summary.trials[0].devError was undefined; it must be a number',
    ],
    [
      'a trial has NaN',
      summary({ trials: [{ learningRate: 1, devError: Number.NaN }] }),
      'summary.trials[0].devError was NaN; it must be JSON',
    ],
    [
      'its choice is none',
      summary({ chosen: 'first' }),
      'summary.chosen was "first"; it must be the index of a trial, or null',
    ],
    ...[-1, 0.5, 1].map((chosen): [string, object, string] => [
      `it chose trial ${chosen} of one`,
      summary({ trials: [{ learningRate: 1, devError: 0, bestStep: 1, steps: 1 }], chosen }),
      `summary.chosen was ${chosen}; it must be the index of a trial, or null`,
    ]),
    [
      'it chose a trial of none',
      summary({ chosen: 0 }),
      'summary.chosen was 0; it must be the index of a trial, or null',
    ],
    [
      'it started from before the first',
      summary({ startedFrom: -1 }),
      'summary.startedFrom was -1; it must be a position, or null',
    ],
    [
      'it started from a name',
      summary({ startedFrom: 'A' }),
      'summary.startedFrom was "A"; it must be a position, or null',
    ],
    ['it lacks a hash', summary({ endSha256: 5 }), 'summary.endSha256 was 5; it must be a text'],
    ['train throws an error', { train: throwing(new Error('boom')) }, 'boom'],
    [
      'train throws at once',
      {
        train: () => {
          throw new TypeError('boom');
        },
      },
      'boom',
    ],
    ['train throws an error without words', { train: throwing(new RangeError()) }, 'RangeError'],
    ['train throws a text', { train: throwing('boom') }, '"boom"'],
    ['train throws a number', { train: throwing(5) }, '5'],
    ['train throws nothing', { train: throwing(undefined) }, 'undefined'],
    [
      'predict is an async function',
      { predict: async () => [] },
      'what predict gave was an object; it must be an async generator (async function*)',
    ],
    [
      'predict is an async function that fails',
      { predict: throwing(new Error('boom')) },
      'what predict gave was an object; it must be an async generator (async function*)',
    ],
    [
      'predict gives nothing',
      { predict: () => undefined },
      'what predict gave was undefined; it must be an async generator (async function*)',
    ],
    [
      'predict throws at once',
      {
        predict: () => {
          throw 'boom';
        },
      },
      '"boom"',
    ],
    [
      'predict throws in between',
      predicting(() => {
        throw 7;
      }),
      '7',
    ],
    [
      'predict ends with nothing',
      predicting((batch) => batch),
      'usage was undefined; it must be an object with flops and peakParameters',
    ],
    [
      'predict ends with half of it',
      predicting((batch) => batch, { flops: {} }),
      'usage.flops.train was undefined; it must be a bigint of 0n or more',
    ],
    [
      'a batch is none',
      predicting(() => undefined),
      'a batch was undefined; it must be an object with labels and logits',
    ],
    [
      'a batch has no labels',
      predicting(({ logits }) => ({ logits })),
      'labels of a batch was undefined; it must be an Int32Array',
    ],
    [
      'labels are a list',
      predicting(({ labels, logits }) => ({ labels: [...labels], logits })),
      'labels of a batch was a list; it must be an Int32Array',
    ],
    [
      'a batch has no logits',
      predicting(({ labels }) => ({ labels })),
      'logits of a batch was undefined; it must be a Float32Array',
    ],
    [
      'logits are a list',
      predicting(({ labels, logits }) => ({ labels, logits: [...logits] })),
      'logits of a batch was a list; it must be a Float32Array',
    ],
    [
      'it stores nothing',
      inTrain(({ store }) => store('a', null as never)),
      'snapshot was null; it must be an object with meta and tensors',
    ],
    [
      'it stores no JSON',
      inTrain(({ store }) => store('a', { meta: { at: Number.NaN }, tensors: {} })),
      'meta.at was NaN; it must be JSON',
    ],
    [
      'its checkpoint is no JSON',
      inTrain(({ checkpoint }) => checkpoint({ meta: { at: new Date() } as never, tensors: {} })),
      'meta.at was an object of Date; it must be JSON',
    ],
    [
      'it stores under no name',
      inTrain(({ store }) => store(5 as never, { meta: {}, tensors: {} })),
      'name was 5; it must be letters, digits, _ and -',
    ],
  ])('%s', async (_title, change, message) => {
    expect(await messageOf(change)).toBe(at + message);
  });

  it.each<[string, object, string]>([
    [
      'init gives nothing',
      { init: async () => undefined },
      'what init gave was undefined; it must be JSON',
    ],
    ['init fails', { init: throwing('boom') }, '"boom"'],
  ])('%s', async (_title, change, message) => {
    expect(await messageOf(change)).toBe(`the learner odd at its start: ${message}`);
  });
});

it('a run whose learner failed goes on when it is mended', async () => {
  expect(await messageOf({ train: throwing('boom') })).toBe(`${at}"boom"`);
  expect(await messageOf(predicting(() => undefined))).toContain('a batch was undefined');
  const learners = [meansLearner('odd')];
  await runStream({ folder, stream: toyStream(), learners, seed: 3, backend });
  const { events } = JSON.parse(await readFile(join(folder, 'odd', 'metrics.json'), 'utf8'));
  expect(events).toHaveLength(6);
});

it('finds fault with a value just where it does not come back from JSON', () => {
  const anything = fc.anything({
    ...{ withDate: true, withMap: true, withTypedArray: true, withBigInt: true },
    // JSON writes -0 as 0, which is as good.
    ...{
      withSparseArray: true,
      values: [fc.boolean(), fc.string(), fc.double().map((x) => x + 0)],
    },
  });
  fc.assert(
    fc.property(anything, (value) => {
      expect(jsonFault('x', value) === undefined).toBe(comesBack(value));
    }),
    { numRuns: 1000 },
  );
});

function comesBack(value: unknown): boolean {
  try {
    return isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value);
  } catch {
    return false;
  }
}
