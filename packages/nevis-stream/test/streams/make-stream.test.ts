import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Examples } from '../../src/data/array-dataset.ts';
import { DataError } from '../../src/data/data-error.ts';
import { makeStream, type TaskData, type TaskExamples } from '../../src/streams/make-stream.ts';
import type { Dataset, DatasetKey, Split } from '../../src/types.ts';

/** Images of one pixel that is the number of the example; labels that follow from it. */
function examples(first: number, count: number): Examples {
  const numbers = Array.from({ length: count }, (_, at) => first + at);
  return { images: Uint8Array.from(numbers), labels: Int32Array.from(numbers, (at) => at % 3) };
}

const parts: TaskExamples = {
  train: examples(0, 40),
  dev: examples(40, 20),
  dev_test: examples(60, 20),
  test: examples(80, 20),
};

const makeTask = (name: string, options: Partial<TaskData> = {}): TaskData => ({
  name,
  classNames: ['ace', 'two', 'three'],
  domain: 'cards',
  shape: [1, 1, 1],
  examples: parts,
  ...options,
});

const cards = makeTask('playing cards');
const dice = makeTask('dice', { domain: 'games', classNames: ['one', 'two', 'three', 'four'] });
const content = {
  name: 'table',
  tasks: [
    { year: 1990, data: cards },
    { year: 1995, data: dice },
    { year: 2001, data: cards },
  ],
};

const all = (dataset: Dataset) => dataset.batch([...Array(dataset.size).keys()]);

it('trains on each task in order and then predicts the splits that are asked for', () => {
  const stream = makeStream(content, { predictSplits: ['dev_test', 'test'] });
  const summary = [...stream.events()].map((event) => [
    event.position,
    event.year,
    event.type,
    event.type === 'train'
      ? [event.train, event.dev, event.trainAndDev].join(' ')
      : `${event.split} ${event.dataset}`,
    event.task.numClasses,
  ]);
  const cardSets = 'playing_cards_train playing_cards_dev playing_cards_train_and_dev';
  expect(summary).toEqual([
    [0, 1990, 'train', cardSets, 3],
    [0, 1990, 'predict', 'dev_test playing_cards_dev_test', 3],
    [0, 1990, 'predict', 'test playing_cards_test', 3],
    [1, 1995, 'train', 'dice_train dice_dev dice_train_and_dev', 4],
    [1, 1995, 'predict', 'dev_test dice_dev_test', 4],
    [1, 1995, 'predict', 'test dice_test', 4],
    [2, 2001, 'train', cardSets, 3],
    [2, 2001, 'predict', 'dev_test playing_cards_dev_test', 3],
    [2, 2001, 'predict', 'test playing_cards_test', 3],
  ]);
  expect([...stream.events()]).toEqual([...stream.events()]);
});

it('predicts dev_test unless told otherwise', () => {
  const predicted = [...makeStream(content).events()].flatMap((event) =>
    event.type === 'predict' ? [event.split] : [],
  );
  expect(predicted).toEqual(['dev_test', 'dev_test', 'dev_test']);
});

it('says what its tasks are about', () => {
  const stream = makeStream(content);
  expect(stream.classNames('dice')).toEqual(['one', 'two', 'three', 'four']);
  expect(stream.domain('playing cards')).toBe('cards');
  expect(() => stream.domain('chess')).toThrow(
    new DataError('taskName is chess; it must be one of playing cards, dice'),
  );
});

it('makes train_and_dev of train followed by dev', async () => {
  const dataset = await makeStream(content).dataset('dice_train_and_dev');
  expect([...all(dataset).images]).toEqual([...Array(60).keys()]);
});

it('keeps a fixed prefix of each split, train_and_dev included', async () => {
  const stream = makeStream(content, { limit: { train: 5, dev: 100, eval: 2 } });
  const images = async (split: Split) => [...all(await stream.dataset(`dice_${split}`)).images];
  expect(await images('train')).toEqual([0, 1, 2, 3, 4]);
  expect(await images('dev')).toEqual([...parts.dev.images]);
  expect(await images('train_and_dev')).toEqual([0, 1, 2, 3, 4, ...parts.dev.images]);
  expect(await images('dev_test')).toEqual([60, 61]);
  expect(await images('test')).toEqual([80, 81]);
});

describe('shuffled labels', () => {
  it('are said by the stream', () => {
    const labels = (options: object) => makeStream(content, options).labels ?? 'true';
    expect([labels({}), labels({ labels: 'true' }), labels({ labels: 'shuffled' })]).toEqual([
      ...['true', 'true', 'shuffled'],
    ]);
  });

  const open = (split: Split, seed = 0) =>
    makeStream(content, { labels: 'shuffled', seed }).dataset(`dice_${split}`);

  it('are those of the same split in another order, under the same images', async () => {
    for (const split of ['train', 'dev'] as const) {
      const { images, labels } = all(await open(split));
      expect([...images]).toEqual([...parts[split].images]);
      expect(labels).not.toEqual(parts[split].labels);
      expect(labels.toSorted()).toEqual(parts[split].labels.toSorted());
    }
  });

  it('leave the predicted splits as they are', async () => {
    expect(all(await open('dev_test')).labels).toEqual(parts.dev_test?.labels);
    expect(all(await open('test')).labels).toEqual(parts.test?.labels);
  });

  it('are the same in train and in train_and_dev', async () => {
    const train = all(await open('train')).labels;
    const dev = all(await open('dev')).labels;
    expect([...all(await open('train_and_dev')).labels]).toEqual([...train, ...dev]);
  });

  it('follow from the seed', async () => {
    expect((await open('train', 1)).sha256).toBe((await open('train', 1)).sha256);
    expect((await open('train', 1)).sha256).not.toBe((await open('train', 2)).sha256);
  });

  it('leave the task’s own arrays alone, and permute a limited split within its prefix', async () => {
    const options = { labels: 'shuffled', limit: { train: 6 } } as const;
    const { labels } = all(await makeStream(content, options).dataset('dice_train'));
    expect([...labels.toSorted()]).toEqual([0, 0, 1, 1, 2, 2]);
    expect(parts.train).toEqual(examples(0, 40));
  });
});

describe('loading', () => {
  it('happens once, when a data set is first asked for, also for a task that comes back', async () => {
    const load = vi.fn(async () => parts);
    const data = makeTask('lazy', { examples: load });
    const twice = { name: 's', tasks: [1, 2].map((year) => ({ year, data })) };
    const stream = makeStream(twice);
    expect([...stream.events()]).toHaveLength(4);
    expect(load).not.toHaveBeenCalled();
    const keys: DatasetKey[] = ['lazy_train', 'lazy_dev', 'lazy_train', 'lazy_test'];
    const [first, , again] = await Promise.all(keys.map((key) => stream.dataset(key)));
    expect(load).toHaveBeenCalledTimes(1);
    expect(again).toBe(first);
  });

  it('passes progress on', async () => {
    const step = { phase: 'prepare', label: 'slow', done: 1, total: 2 } as const;
    const data = makeTask('slow', {
      examples: async (onProgress) => {
        onProgress(step);
        return parts;
      },
    });
    const onProgress = vi.fn();
    await makeStream({ name: 's', tasks: [{ year: 1, data }] }, { onProgress }).dataset('slow_dev');
    expect(onProgress.mock.calls).toEqual([[step]]);
  });

  it('can be tried again when it failed', async () => {
    const load = vi.fn(async () => parts).mockRejectedValueOnce(new Error('no disk'));
    const data = makeTask('lazy', { examples: load });
    const stream = makeStream({ name: 's', tasks: [{ year: 1, data }] });
    await expect(stream.dataset('lazy_train')).rejects.toThrow('no disk');
    expect((await stream.dataset('lazy_train')).size).toBe(40);
  });
});

it('takes tasks with an empty dev and a single class', async () => {
  const data = makeTask('tiny', {
    classNames: ['only'],
    examples: { train: examples(0, 1), dev: examples(0, 0), dev_test: examples(0, 1) },
  });
  const stream = makeStream({ name: 's', tasks: [{ year: 1, data }] }, { limit: { dev: 3 } });
  expect((await stream.dataset('tiny_dev')).size).toBe(0);
  expect((await stream.dataset('tiny_train_and_dev')).size).toBe(1);
  expect(all(await stream.dataset('tiny_dev_test'))).toEqual(examples(0, 1));
});

it('cuts arrays of any size into the prefix and no more', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 4 }),
      async (train, side) => {
        const images = Uint8Array.from({ length: 40 * side }, (_, at) => at);
        const data = makeTask('bars', {
          shape: [side, 1, 1],
          examples: { ...parts, train: { images, labels: parts.train.labels } },
        });
        const stream = makeStream({ name: 's', tasks: [{ year: 1, data }] }, { limit: { train } });
        const kept = all(await stream.dataset('bars_train'));
        expect(kept.images).toEqual(images.slice(0, Math.min(train, 40) * side));
      },
    ),
  );
});

describe('errors', () => {
  it('name a key that no data set has', async () => {
    await expect(makeStream(content).dataset('chess_train')).rejects.toThrow(
      /^key is chess_train, which names no data set of the stream table; it must be one of playing_cards_train, /,
    );
  });

  it('name a split that a task does not have', async () => {
    const { train, dev } = parts;
    const data = makeTask('short', { examples: { train, dev } });
    const stream = makeStream({ name: 's', tasks: [{ year: 1, data }] });
    await expect(stream.dataset('short_test')).rejects.toThrow(
      new DataError('The task short has no split test'),
    );
  });

  it('name two tasks whose data sets would have the same key', () => {
    const tasks = [makeTask('a b'), makeTask('a-b')].map((data) => ({ year: 1, data }));
    expect(() => makeStream({ name: 's', tasks })).toThrow(
      'The tasks a b and a-b would both have the data set a_b_train',
    );
  });

  it.each([
    [
      { predictSplits: ['validation' as Split] },
      'predictSplits[0] was "validation"; it must be one of train, ',
    ],
    [{ limit: { train: 0 } }, 'limit.train was 0; it must be a positive integer'],
    [{ limit: { eval: 1.5 } }, 'limit.eval was 1.5; it must be a positive integer'],
    [{ labels: 'random' as 'true' }, 'labels was "random"; it must be "true" or "shuffled"'],
  ])('name the option in %j', (options, message) => {
    expect(() => makeStream(content, options)).toThrow(message);
  });
});

describe('how many examples a split has in all', () => {
  const whole = async (split: Split, options = {}, sizes?: TaskData['sizes']) => {
    const data = makeTask('dice', sizes && { sizes });
    const stream = makeStream({ name: 's', tasks: [{ year: 1, data }] }, options);
    return (await stream.dataset(`dice_${split}`)).whole;
  };

  it('is said where a limit leaves some of them out', async () => {
    const limit = { train: 5, dev: 100, eval: 2 };
    expect(await whole('train', { limit })).toBe(40);
    expect(await whole('dev', { limit })).toBeUndefined();
    expect(await whole('train_and_dev', { limit })).toBe(60);
    expect(await whole('dev_test', { limit })).toBe(20);
    expect(await whole('train')).toBeUndefined();
  });

  it('and where the task has the first of them alone', async () => {
    const sizes = { train: 400, dev_test: 20 };
    expect(await whole('train', { limit: { train: 5 } }, sizes)).toBe(400);
    expect(await whole('train', {}, sizes)).toBe(400);
    expect(await whole('dev_test', {}, sizes)).toBeUndefined();
    expect(await whole('train_and_dev', {}, sizes)).toBe(420);
  });
});
