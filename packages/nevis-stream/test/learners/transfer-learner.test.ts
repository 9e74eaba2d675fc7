import { useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { FlopCounter } from '../../src/flops/flop-counter.ts';
import { pixelBackbone } from '../../src/learners/backbone.ts';
import { hashArrays, toArrays, withoutPrefix } from '../../src/learners/parameters.ts';
import {
  finetunePreviousLearner,
  independentLearner,
} from '../../src/learners/transfer-learner.ts';
import { Trial } from '../../src/learners/trial.ts';
import type { Json, Learner, PredictionEvent, Stream } from '../../src/types.ts';
import { backbone, memoryContext, quarterStream, search, trainingEvents } from './toy-task.ts';

beforeAll(() => useBackend('wasm'));

function first<T>(items: readonly T[]): T {
  if (items.length === 0) throw new Error('there is no first of none');
  return items[0] as T;
}

/** Trains on every task in turn. */
async function goThrough(learner: Learner, stream: Stream, seed = 0) {
  const { context, stored, checkpoints } = memoryContext(stream, seed);
  let state: Json = await learner.init(context);
  const results = [];
  for (const event of trainingEvents(stream)) {
    const result = await learner.train(event, state, context);
    state = result.state;
    results.push(result);
  }
  return { results, state, context, stored, checkpoints };
}

const stored = (
  hashes: Map<string, { tensors: Parameters<typeof hashArrays>[0] }>,
  position: number,
) => hashArrays(withoutPrefix(hashes.get(`task-00${position}`)?.tensors ?? {}, 'backbone/'));

describe('fine-tuning from previous', () => {
  it('starts every task from the best weights of the one before, by hash', async () => {
    const learner = finetunePreviousLearner({ backbone, search });
    const run = await goThrough(learner, quarterStream(['A', 'B', 'C']));
    const summaries = run.results.map(({ summary }) => summary);
    expect(summaries.map(({ startedFrom }) => startedFrom)).toEqual([null, 0, 1]);
    for (const [position, summary] of summaries.entries()) {
      expect(summary.endSha256).toBe(stored(run.stored, position));
      if (position > 0) expect(summary.startSha256).toBe(stored(run.stored, position - 1));
      expect(summary.endSha256).not.toBe(summary.startSha256);
    }
  });

  it('gives every trial a new head and an optimiser at zero', async () => {
    const stream = quarterStream(['A', 'B']);
    const learner = finetunePreviousLearner({
      backbone,
      search: { ...search, steps: 1, checkpointEvery: 1, validateEvery: 1 },
    });
    const { stored } = await goThrough(learner, stream);
    const [first, second] = ['task-000', 'task-001'].map((name) => stored.get(name)?.tensors);
    // One step of warm-up cannot turn one head into the other.
    expect(first?.['head/kernel']?.data).not.toEqual(second?.['head/kernel']?.data);

    const train = await stream.dataset('A_train');
    const params = backbone.init(['x']);
    const start = await toArrays(params);
    tf.dispose(Object.values(params));
    const trial = Trial.start(
      { backbone, settings: search, learningRate: 1e-3, train, seed: [0] },
      start,
    );
    const saved = await trial.save();
    trial.dispose();
    const slots = Object.entries(saved).filter(([name]) => /^[mv]\//.test(name));
    expect(slots.every(([, { data }]) => data.every((value) => Number(value) === 0))).toBe(true);
    expect(withoutPrefix(saved, 'w/backbone/')).toEqual(start);
  });
});

describe('the independent learner', () => {
  it('does the same on a task whatever came before it', async () => {
    const learner = independentLearner({ backbone, search });
    // The year is part of what a task is, so that a task that comes back is another draw.
    const both = await goThrough(learner, quarterStream(['A', 'B']));
    const swapped = await goThrough(learner, quarterStream(['C', 'B']));
    expect(both.results[1]?.summary).toEqual(swapped.results[1]?.summary);
    expect(both.stored.get('task-001')).toEqual(swapped.stored.get('task-001'));
  });

  it('does the same for the same seed and something else for another', async () => {
    const learner = independentLearner({ backbone, search });
    const stream = quarterStream(['A']);
    const run = (seed: number) => goThrough(learner, stream, seed).then(({ results }) => results);
    expect(await run(1)).toEqual(await run(1));
    expect(first(await run(1)).summary.endSha256).not.toBe(first(await run(2)).summary.endSha256);
  });
});

describe('the search', () => {
  it('keeps the trial with the smallest error on dev, the earlier one of equals', async () => {
    const learner = independentLearner({ backbone, search });
    const { results } = await goThrough(learner, quarterStream(['A']));
    const { trials, chosen } = first(results).summary;
    expect(trials).toHaveLength(3);
    const errors = trials.map(({ devError }) => devError);
    expect(chosen).toBe(errors.indexOf(Math.min(...errors)));
  });

  it('stores the weights whose error on dev it reports', async () => {
    const stream = quarterStream(['A']);
    const learner = independentLearner({ backbone, search });
    const { results, context, state } = await goThrough(learner, stream);
    const event: PredictionEvent = {
      type: 'predict',
      position: 0,
      year: 2000,
      task: first(trainingEvents(stream)).task,
      split: 'dev',
      dataset: 'A_dev',
    };
    let wrong = 0;
    for await (const { labels, logits } of learner.predict(event, state, context)) {
      for (const [row, label] of labels.entries()) {
        const scores = [...logits.subarray(row * 4, row * 4 + 4)];
        if (scores.indexOf(Math.max(...scores)) !== label) wrong++;
      }
    }
    const { trials, chosen } = first(results).summary;
    expect(wrong / 24).toBe(trials[chosen]?.devError);
  });

  it('pays for every step of every trial and for every validation', async () => {
    const stream = quarterStream(['A']);
    const settings = { ...search, patience: 100 };
    const { results } = await goThrough(independentLearner({ backbone, search: settings }), stream);
    const params = backbone.init(['x']);
    const start = await toArrays(params);
    tf.dispose(Object.values(params));
    const train = await stream.dataset('A_train');
    const dev = await stream.dataset('A_dev');
    const [training, validation] = [new FlopCounter(), new FlopCounter()];
    for (const learningRate of settings.learningRates) {
      const trial = Trial.start({ backbone, settings, learningRate, train, seed: [0] }, start);
      for (let step = 0; step < 12; step++) await training.count(() => trial.advance());
      for (let time = 0; time < 3; time++) await validation.count(() => trial.error(dev, 10));
      trial.dispose();
    }
    const { flops } = first(results).usage;
    expect(flops.train).toBe(training.total);
    expect(flops.validation).toBe(validation.total);
    expect(flops.prediction).toBe(0n);
  });

  it('ends a trial that no longer gets better, and counts the steps that ran', async () => {
    // Without learning, the first validation is the best one.
    const still = { ...search, learningRates: [0, 0, 0], steps: 40 };
    const { results } = await goThrough(
      independentLearner({ backbone, search: still }),
      quarterStream(['A']),
    );
    for (const trial of first(results).summary.trials) {
      expect(trial).toMatchObject({ bestStep: 4, steps: 12 });
    }
    expect(first(results).summary.chosen).toBe(0);
  });

  it('goes on from any of its checkpoints to the same bytes', async () => {
    const stream = quarterStream(['A']);
    const learner = independentLearner({ backbone, search });
    const whole = await goThrough(learner, stream);
    expect(whole.checkpoints.length).toBeGreaterThan(6);
    for (const checkpoint of whole.checkpoints) {
      const { context, stored } = memoryContext(stream);
      const state = await learner.init(context);
      const event = first(trainingEvents(stream));
      const result = await learner.train(event, state, context, checkpoint);
      expect(result).toEqual(whole.results[0]);
      expect(stored).toEqual(whole.stored);
    }
  });
});

it('learns quarters: no errors with attention, and none with logistic regression', async () => {
  const long = { ...search, steps: 60, patience: 15 };
  for (const body of [backbone, pixelBackbone(4)]) {
    const learner = independentLearner({ backbone: body, search: long });
    const { results } = await goThrough(learner, quarterStream(['A']));
    const { trials, chosen } = first(results).summary;
    expect(trials[chosen]?.devError).toBe(0);
  }
});

it('leaves no tensor behind', async () => {
  const before = tf.memory().numTensors;
  const learner = finetunePreviousLearner({ backbone, search });
  const stream = quarterStream(['A', 'B']);
  const { context, state } = await goThrough(learner, stream);
  for (const event of stream.events()) {
    if (event.type !== 'predict') continue;
    for await (const _ of learner.predict(event, state, context));
    // A reader who stops early must not leak either.
    for await (const _ of learner.predict(event, state, context)) break;
  }
  expect(tf.memory().numTensors).toBe(before);
});

it('names the task that was not learned when it is asked to predict it', async () => {
  const stream = quarterStream(['A']);
  const { context } = memoryContext(stream);
  const learner = independentLearner({ backbone, search });
  const event = [...stream.events()].find(({ type }) => type === 'predict') as PredictionEvent;
  await expect(learner.predict(event, { tasks: [] }, context).next()).rejects.toThrow(
    'A at position 0 was not learned yet',
  );
});
