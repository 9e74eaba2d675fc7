import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { describeBackends, expectNoLeak, webgpuIfLong } from '@neverend/backend/testing';
import { RunError } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tokenizer } from '../../src/index.ts';
import { checkTraining, type TrainOptions, trainLanguageModel } from '../../src/training/index.ts';
import { retrieving, small, training } from './fixtures/rhymes.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'peer-training-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let next = 0;
const newFolder = () => join(scratch, `run-${next++}`);

const linesOf = async (folder: string) =>
  (await readFile(join(folder, 'metrics.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => ({ ...JSON.parse(line), seconds: 0 }));

async function arraysOf(params: Readonly<Record<string, tf.Tensor>>) {
  const names = Object.keys(params).sort();
  const arrays = names.map(async (name) => [
    name,
    (await (params[name] as tf.Tensor).data()).slice(),
  ]);
  const entries = await Promise.all(arrays);
  tf.dispose(params);
  return Object.fromEntries(entries);
}

/** Starts it, and stops it after a step. */
async function stopAfter(step: number, options: TrainOptions): Promise<void> {
  const controller = new AbortController();
  const stopped = trainLanguageModel({
    ...options,
    signal: controller.signal,
    onProgress: ({ phase, done }) => {
      if (phase === 'train' && done === step) controller.abort(new Error('stopped'));
    },
  });
  await expect(stopped).rejects.toThrow('stopped');
}

await describeBackends(
  'trainLanguageModel',
  () => {
    it('learns lines by heart, and leaves nothing behind', async () => {
      await expectNoLeak(async () => {
        const folder = newFolder();
        const { params, steps, evaluation } = await trainLanguageModel(
          training(folder, { steps: 60, batchSize: 8, evaluateEvery: 60, learningRate: 2e-2 }),
        );
        tf.dispose(params);
        const lines = await linesOf(folder);
        expect([steps, lines.length]).toEqual([60, 61]);
        expect(lines[0].loss).toBeGreaterThan(5);
        expect(lines[59].loss).toBeLessThan(2);
        expect(lines[59].auxiliaryLoss).toBeGreaterThan(0.009);
        expect(evaluation).toEqual({ ...lines[60], seconds: undefined });
        // The new line is made of what was learned.
        expect(evaluation?.bitsPerByte).toBeLessThan(3.5);
        expect([evaluation?.tokens, evaluation?.bytes]).toEqual([24, 24]);
        expect((await readdir(folder)).map((name) => name.replace(/-60-.*/, ''))).toEqual([
          ...['checkpoint', 'checkpoint.json', 'metrics.jsonl', 'settings.json'],
        ]);
      });
    });

    it.each([
      ['dense layers and mixtures', small, 'lazyAdam'],
      ['PEER and memories', retrieving, 'lazyAdam'],
      ['PEER and memories', retrieving, 'rowAdagrad'],
    ] as const)(
      'goes on where it was stopped, to the same losses and parameters bit for bit (%s, %#)',
      async (_, config, tableOptimizer) => {
        const [whole, parts] = [newFolder(), newFolder()];
        const run = (folder: string) => training(folder, { tableOptimizer }, config);
        const { params } = await trainLanguageModel(run(whole));
        for (const step of [3, 4]) await stopAfter(step, run(parts));
        const { params: resumed } = await trainLanguageModel(run(parts));
        expect(await linesOf(parts)).toEqual(await linesOf(whole));
        expect(await arraysOf(resumed)).toEqual(await arraysOf(params));
        // A run that has ended gives what it came to.
        const { params: again, evaluation } = await trainLanguageModel(run(parts));
        expect(evaluation?.step).toBe(8);
        tf.dispose(again);
      },
    );

    it('has nearly the same losses in parts as at once', async () => {
      const [whole, parts] = [newFolder(), newFolder()];
      // The loss that spreads tokens over experts is of a part, not of all.
      const blocks = [small.blocks[0] as (typeof small.blocks)[0]];
      const config = { ...small, blocks };
      for (const [folder, accumulate] of [
        [whole, 1],
        [parts, 4],
      ] as const) {
        tf.dispose((await trainLanguageModel(training(folder, { accumulate }, config))).params);
      }
      const [a, b] = [await linesOf(whole), await linesOf(parts)];
      for (const [at, { loss }] of a.entries()) expect(b[at].loss).toBeCloseTo(loss, 3);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('a run folder', () => {
  // Where numbers are looked at without waiting.
  beforeAll(() => useBackend('cpu'));

  it('does not go on with other sizes, another vocabulary or other texts, and names both', async () => {
    const folder = newFolder();
    await stopAfter(2, training(folder));
    const start = training(folder);
    const bytes = new Tokenizer();
    expect(bytes.vocabulary).toBe(257);
    const wider = training(folder, {}, { ...small, width: 16 });
    await expect(checkTraining(wider)).rejects.toThrow('config.width: 8 became 16');
    await expect(trainLanguageModel(wider)).rejects.toThrow('config.width: 8 became 16');
    const about = { ...start, about: { tokenizer: 'another' } };
    await expect(trainLanguageModel(about)).rejects.toThrow('about: nothing became');
    const { heldOut: _, ...alone } = training(folder);
    await expect(trainLanguageModel(alone)).rejects.toThrow('heldOut: ');
    const slower = training(folder, { learningRate: 1e-3 });
    await expect(trainLanguageModel(slower)).rejects.toThrow(
      'settings.learningRate: 0.01 became 0.001',
    );
    const { params } = await trainLanguageModel(training(folder));
    tf.dispose(params);
  });

  it('keeps a second run out', async () => {
    const folder = newFolder();
    let second: Promise<unknown> | undefined;
    const first = trainLanguageModel({
      ...training(folder),
      onProgress: () => {
        second ??= expect(trainLanguageModel(training(folder))).rejects.toThrow(RunError);
      },
    });
    tf.dispose((await first).params);
    await second;
  });

  it.each([
    [small.blocks, /step \d had a NaN \(scores had .*\): the training has come apart/],
    [small.blocks.slice(0, 1), /the loss of step \d was (NaN|Infinity): the training has come/],
  ])('says that a training has come apart, and what to do', async (blocks, message) => {
    const settings = { learningRate: 1e30, warmupSteps: 0, clipNorm: 1e30 };
    const options = training(newFolder(), settings, { ...small, blocks });
    await expect(trainLanguageModel(options)).rejects.toThrow(message);
  });

  it.each([
    [small.blocks, /^the evaluation after step 1 had a NaN \(scores had NaN.* in row 0, /],
    [
      [{ kind: 'peer', heads: 2, k: 2, sizes: [3, 3], keyWidth: 2 } as const],
      /^the evaluation after step 1 had a NaN \(products .* in row 0 \(head 0 of token 0\), /,
    ],
    [small.blocks.slice(0, 1), /^the loss of the evaluation after step 1 was (NaN|Infinity)/],
  ])('says so where an evaluation sees it first', async (blocks, message) => {
    const settings = { learningRate: 1e30, warmupSteps: 0, evaluateEvery: 1 };
    await expectNoLeak(async () => {
      const folder = newFolder();
      const options = training(folder, settings, { ...small, blocks });
      const stopped = await trainLanguageModel(options).catch((error) => error);
      expect(stopped).toBeInstanceOf(RunError);
      expect(stopped.message).toMatch(message);
      expect(stopped.message).toMatch(
        /: the training has come apart; begin another with a lower learningRate or more warmupSteps$/,
      );
      // No evaluation without a number is kept.
      expect((await linesOf(folder)).length).toBe(1);
    });
  });
});

it.each([
  [{ steps: 0 }, 'steps was 0'],
  [{ batchSize: 4, accumulate: 3 }, 'accumulate was 3; it must divide batchSize, which is 4'],
  [{ warmupSteps: 8 }, 'warmupSteps was 8; it must be below the 8 steps'],
  [{ clipNorm: 0 }, 'clipNorm was 0'],
  [{ clipNorm: '1' }, 'clipNorm was "1"; it must be above 0'],
  [{ beta2: 1 }, 'beta2 was 1'],
  [{ beta2: '0.9' }, 'beta2 was "0.9"; it must be in [0, 1)'],
  [{ tableOptimizer: 'adam' }, 'tableOptimizer was "adam"; it must be one of lazyAdam, adagrad'],
  [{ seed: 0.5 }, 'seed was 0.5'],
  [{ rate: 1 }, 'settings has no option "rate"'],
])('a training refuses %j', async (settings, message) => {
  await expectNoLeak(async () => {
    const options = training(newFolder(), settings as TrainOptions['settings']);
    await expect(trainLanguageModel(options)).rejects.toThrow(message);
  });
});

it.each([
  [undefined, 'the options of trainLanguageModel were undefined'],
  [{ config: undefined }, 'config was undefined; it must be an object'],
  [{ params: undefined }, 'params was undefined; it must be an object'],
  [{ train: undefined }, 'train was undefined; it must be what tokenStream makes'],
  [{ heldOut: {} }, 'heldOut was an object; it must be what tokenStream makes'],
  [{ settings: null }, 'the options of settings were null'],
  [{ folder: undefined }, 'folder was undefined; it must be the path of a folder'],
])('a training refuses what is missing: %j', async (given, message) => {
  const options = training(newFolder());
  const wrong = given && { ...options, ...given };
  await expect(trainLanguageModel(wrong as TrainOptions)).rejects.toThrow(message);
  tf.dispose(Object.values(options.params));
});

it('a training refuses texts of another vocabulary, and ones that are too short', async () => {
  const options = training(newFolder());
  const { train } = options;
  const other = { ...train, byteLengths: new Uint16Array(300) };
  await expect(checkTraining({ ...options, train: other })).rejects.toThrow(
    'train was of 300 different tokens; the model has 257',
  );
  const tokens = Uint16Array.from(train.tokens, (token, at) => (at === 7 ? 300 : token));
  await expect(checkTraining({ ...options, train: { ...train, tokens } })).rejects.toThrow(
    'train had 300 at place 7; it must have tokens from 0 to 256',
  );
  const empty = { ...train, tokens: Uint16Array.of(256, 256) };
  await expect(checkTraining({ ...options, heldOut: empty })).rejects.toThrow(
    'heldOut had 2 tokens and none to foretell',
  );
  const short = { ...train, tokens: train.tokens.slice(0, 12) };
  await expect(checkTraining({ ...options, train: short })).rejects.toThrow(
    'the text to learn from had 12 tokens (11 bytes)',
  );
  tf.dispose(Object.values(options.params));
});
