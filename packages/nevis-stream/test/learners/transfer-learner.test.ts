import { FlopCounter, useBackend } from '@neverend/backend';
import { expectClose } from '@neverend/backend/testing';
import { subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Backbone, pixelBackbone } from '../../src/learners/backbone.ts';
import { hashArrays, toArrays } from '../../src/learners/parameters.ts';
import type { SearchSettings } from '../../src/learners/search-task.ts';
import {
  finetunePreviousLearner,
  independentLearner,
} from '../../src/learners/transfer-learner.ts';
import { Trial } from '../../src/learners/trial.ts';
import type {
  Json,
  Learner,
  PredictionEvent,
  Snapshot,
  Stream,
  TrainingEvent,
} from '../../src/types.ts';
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
) => hashArrays(subtree(hashes.get(`task-00${position}`)?.tensors ?? {}, 'backbone/'));

function predictionOf(stream: Stream): PredictionEvent {
  return [...stream.events()].find(({ type }) => type === 'predict') as PredictionEvent;
}

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

  it('begins a task as a fresh trial from the stored backbone does: a new head, the optimiser at zero', async () => {
    const stream = quarterStream(['A', 'B']);
    const settings = { ...search, checkpointEvery: 1 };
    const learner = finetunePreviousLearner({ backbone, search: settings });
    const { context, stored, checkpoints } = memoryContext(stream);
    const [first, second] = trainingEvents(stream) as [TrainingEvent, TrainingEvent];
    const { state } = await learner.train(first, await learner.init(context), context);
    const before = checkpoints.length;
    await learner.train(second, state, context);
    const checkpoint = checkpoints[before]?.tensors ?? {};

    const weights = stored.get('task-000')?.tensors ?? {};
    const trial = Trial.start(
      {
        backbone,
        settings,
        learningRate: settings.learningRates[0] ?? 0,
        train: await stream.dataset('B_train'),
        seed: [0, 'B', 2001],
      },
      subtree(weights, 'backbone/'),
    );
    trial.advance();
    const expected = await trial.save();
    trial.dispose();
    const own = Object.entries(checkpoint).filter(([name]) => /^[wmv]\//.test(name));
    expect(Object.fromEntries(own)).toEqual(expected);

    // After one step from zero m = (1 - beta1) g and v = (1 - beta2) g², so that v = 0.1 m².
    for (const name of Object.keys(weights)) {
      const m = Float64Array.from(expected[`m/${name}`]?.data as Float32Array);
      expect(m.length).toBeGreaterThan(0);
      // Two roundings of float32 in m, and as many in v.
      expectClose(
        expected[`v/${name}`]?.data as Float32Array,
        m.map((value) => 0.1 * value * value),
        { rtol: 1e-6, atol: 1e-30 },
      );
    }
  });

  it('refuses stored weights that are not those that it stored', async () => {
    const stream = quarterStream(['A', 'B']);
    const learner = finetunePreviousLearner({ backbone, search });
    const { context, stored } = memoryContext(stream);
    const [first, second] = trainingEvents(stream) as [TrainingEvent, TrainingEvent];
    const { state } = await learner.train(first, await learner.init(context), context);
    const weights = stored.get('task-000') as Snapshot;
    const bias = { dtype: 'float32', shape: [4], data: Float32Array.of(0, 0, 0, 1) } as const;
    stored.set('task-000', { ...weights, tensors: { ...weights.tensors, 'head/bias': bias } });
    const other = 'what is stored under task-000 is not';
    await expect(learner.train(second, state, context)).rejects.toThrow(other);
    await expect(learner.predict(predictionOf(stream), state, context).next()).rejects.toThrow(
      other,
    );
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
    expect(wrong / 24).toBe(trials[chosen ?? -1]?.devError);
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

  it('ends at the first step with a kernel that has no FLOP rule, and prediction at the first batch', async () => {
    const stream = quarterStream(['A']);
    let batches = 0;
    const strange: Backbone = {
      ...backbone,
      features: (images, params) => {
        batches++;
        tf.tidy(() => void tf.image.cropAndResize(images, tf.ones([1, 4]), [0], [2, 2]));
        return backbone.features(images, params);
      },
    };
    const missing = 'there is no FLOP rule for CropAndResize';
    const learner = independentLearner({ backbone: strange, search });
    const before = tf.memory().numTensors;
    await expect(goThrough(learner, stream)).rejects.toThrow(missing);
    expect(batches).toBe(1);

    const { state, context } = await goThrough(independentLearner({ backbone, search }), stream);
    const batch = learner.predict(predictionOf(stream), state, context).next();
    await expect(batch).rejects.toThrow(missing);
    expect(batches).toBe(2);
    expect(tf.memory().numTensors).toBe(before);
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
    expect(trials[chosen ?? -1]?.devError).toBe(0);
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
  const batch = learner.predict(predictionOf(stream), { tasks: [] }, context).next();
  await expect(batch).rejects.toThrow('A at position 0 was not learned yet');
});

describe('settings that nothing can be learned with are refused at once', () => {
  const count = 'it must be a positive integer';
  it.each<[Partial<Record<keyof SearchSettings, unknown>>, string]>([
    [
      { learningRates: [] },
      'search.learningRates was []; it must be a list of at least one finite number >= 0',
    ],
    [{ learningRates: [1e-3, Number.NaN] }, 'search.learningRates was [0.001, NaN]; it must'],
    [{ learningRates: [-1] }, 'search.learningRates was [-1]; it must'],
    [{ learningRates: 0.1 }, 'search.learningRates was 0.1; it must'],
    [{ learningRates: undefined }, 'search.learningRates was undefined; it must'],
    [{ patience: 0 }, `search.patience was 0; ${count}`],
    [{ batchSize: 0 }, `search.batchSize was 0; ${count}`],
    [{ evaluationBatchSize: 0 }, `search.evaluationBatchSize was 0; ${count}`],
    [{ steps: 2.5 }, `search.steps was 2.5; ${count}`],
    [{ steps: undefined }, `search.steps was undefined; ${count}`],
    [{ validateEvery: 0 }, `search.validateEvery was 0; ${count}`],
    [{ checkpointEvery: 0 }, `search.checkpointEvery was 0; ${count}`],
    [{ warmupSteps: -1 }, 'search.warmupSteps was -1; it must be an integer >= 0'],
    [{ warmupSteps: 0.5 }, 'search.warmupSteps was 0.5; it must be an integer >= 0'],
    [{ weightDecay: -0.1 }, 'search.weightDecay was -0.1; it must be a finite number >= 0'],
    [{ clipNorm: 0 }, 'search.clipNorm was 0; it must be a finite number above 0'],
    [{ clipNorm: Infinity }, 'search.clipNorm was Infinity; it must be a finite number above 0'],
  ])('%o', (wrong, message) => {
    const make = () =>
      independentLearner({ backbone, search: { ...search, ...wrong } as SearchSettings });
    expect(make).toThrow(RangeError);
    expect(make).toThrow(message);
  });

  it('and the smallest that are allowed are not', () => {
    const smallest = { patience: 1, batchSize: 1, steps: 1, warmupSteps: 0, weightDecay: 0 };
    independentLearner({ backbone, search: { ...search, ...smallest, learningRates: [0] } });
  });
});
