import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DataError } from '../../src/data/data-error.ts';
import { runStream } from '../../src/environment/run-stream.ts';
import { pixelBackbone } from '../../src/learners/backbone.ts';
import {
  finetunePreviousLearner,
  independentLearner,
} from '../../src/learners/transfer-learner.ts';
import {
  makeStream,
  type StreamContent,
  type StreamOptions,
  type TaskData,
  type TaskExamples,
} from '../../src/streams/make-stream.ts';
import type { Dataset, ImageBatch, Json, Learner, Stream, StreamEvent } from '../../src/types.ts';
import { backbone, memoryContext, search, trainingEvents } from '../learners/toy-task.ts';
import { meansLearner, toyStream } from './toy.ts';

beforeAll(() => useBackend('cpu'));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nevis-refused-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** `n` images of 2 x 2, and labels that go round `classes`. */
const part = (n: number, classes = 2) => ({
  images: new Uint8Array(4 * n).fill(9),
  labels: Int32Array.from({ length: n }, (_, at) => at % classes),
});
const whole: TaskExamples = { train: part(16), dev: part(8), dev_test: part(8), test: part(4) };
const name = 'A - task';
const none = { name: 'none', version: '0', device: 'none' };
const taskOf = (change: Partial<TaskData>): TaskData => ({
  ...{ name, domain: 'toy', classNames: ['a', 'b'], shape: [2, 2, 1], examples: whole },
  ...change,
});

/** The task after one that is whole: both must be looked at before the first of them is trained on. */
const streamOf = (change: Partial<TaskData>, options: StreamOptions = {}): Stream =>
  makeStream(
    {
      name: 'mine',
      tasks: [
        { year: 2000, data: taskOf({ name: 'Sound' }) },
        { year: 2001, data: taskOf(change) },
      ],
    },
    options,
  );

/** The task in a year, after another one of the year 2000. */
const yearStream = (year: number): Stream =>
  makeStream({
    name: 'mine',
    tasks: [
      { year: 2000, data: taskOf({ name: 'Sound' }) },
      { year, data: taskOf({}) },
    ],
  });

/** A stream of a program's own around one of two tasks, with another second task. */
function ownStream(
  ofEvent: (event: StreamEvent) => Partial<StreamEvent>,
  ofDataset: (dataset: Dataset) => Partial<Dataset> = () => ({}),
): Stream {
  const stream = streamOf({});
  const isOdd = (text: string) => text.startsWith('A');
  return {
    ...stream,
    classNames: (task) => (isOdd(task) ? (oddNames ?? stream.classNames(name)) : ['a', 'b']),
    domain: () => 'toy',
    events: () =>
      [...stream.events()].map((event) =>
        isOdd(event.task.name) ? ({ ...event, ...ofEvent(event) } as StreamEvent) : event,
      ),
    dataset: async (key) => {
      const dataset = await stream.dataset(key);
      return isOdd(dataset.task.name) ? { ...dataset, ...ofDataset(dataset) } : dataset;
    },
  };
}
let oddNames: readonly string[] | undefined;
afterEach(() => {
  oddNames = undefined;
});

const ofTask = (task: object) => (event: StreamEvent) => ({ task: { ...event.task, ...task } });

/** Streams with a task that nothing can be learned from, and what is said of it. */
const streams: readonly (readonly [string, () => Stream, string])[] = [
  [
    'no class',
    () => streamOf({ classNames: [] }),
    `the task ${name} has no classes; it must have at least two`,
  ],
  [
    'one class',
    () => streamOf({ classNames: ['only'], examples: { ...whole, train: part(16, 1) } }),
    `the task ${name} has one class; it must have at least two`,
  ],
  ...(['train', 'dev', 'dev_test'] as const).map(
    (split) =>
      [
        `an empty ${split}`,
        () => streamOf({ examples: { ...whole, [split]: part(0) } }),
        `the task ${name} has no examples in ${split}; it must have at least one`,
      ] as const,
  ),
  [
    'an empty test that is predicted',
    () => streamOf({ examples: { ...whole, test: part(0) } }, { predictSplits: ['test'] }),
    `the task ${name} has no examples in test; it must have at least one`,
  ],
  [
    'examples that are loaded, with an empty dev',
    () => streamOf({ examples: async () => ({ ...whole, dev: part(0) }) }),
    `the task ${name} has no examples in dev; it must have at least one`,
  ],
  [
    'no dev at all',
    () => streamOf({ examples: { train: part(16), dev_test: part(8) } as unknown as TaskExamples }),
    `The task ${name} has no split dev`,
  ],
  [
    'no dev_test at all',
    () => streamOf({ examples: { train: part(16), dev: part(8) } }),
    `The task ${name} has no split dev_test`,
  ],
  [
    'a label beyond the classes',
    () => streamOf({ examples: { ...whole, dev: part(8, 3) } }),
    `the task ${name}: A___task_dev has the label 2 at 2; a label must be an integer of at least 0 and below 2`,
  ],
  [
    'a label between two classes',
    () => {
      const labels = Float32Array.of(0, 0.5) as unknown as Int32Array;
      return streamOf({ examples: { ...whole, dev: { ...part(2), labels } } });
    },
    `the task ${name}: A___task_dev has the label 0.5 at 1; a label must be an integer of at least 0 and below 2`,
  ],
  [
    'images of no height',
    () => {
      const bare = (n: number) => ({ images: new Uint8Array(), labels: new Int32Array(n) });
      const examples = { train: bare(4), dev: bare(4), dev_test: bare(4) };
      return streamOf({ shape: [0, 2, 1], examples });
    },
    `the task ${name} has images of the shape 0 x 2 x 1; height, width and channels must be positive integers`,
  ],
  [
    'images of another size than they are said to have',
    () => streamOf({ shape: [3, 2, 1] }),
    `the task ${name}: A___task_train has 64 bytes of images; 16 images of 3 x 2 x 1 must have 96`,
  ],
  [
    'images that are no bytes',
    () => {
      const images = new Float32Array(64) as unknown as Uint8Array;
      return streamOf({ examples: { ...whole, train: { ...part(16), images } } });
    },
    `the task ${name}: A___task_train has images in no Uint8Array; they must be bytes from 0 to 255`,
  ],
  [
    'no list of classes',
    () => streamOf({ classNames: undefined as unknown as string[] }),
    `the task ${name} has the classNames undefined; they must be a list of texts`,
  ],
  [
    'a class without a name',
    () => streamOf({ classNames: ['a', null as unknown as string] }),
    `the task ${name} has a class with the name null at 1; it must be a text`,
  ],
  [
    'two classes of one name',
    () => streamOf({ classNames: ['a', 'b', 'a'] }),
    `the task ${name} gives the classes 0 and 2 the name "a"; each must have a name of its own`,
  ],
  [
    'no domain',
    () => streamOf({ domain: undefined as unknown as string }),
    `the task ${name} has the domain undefined; it must be a text`,
  ],
  [
    'no name',
    () => streamOf({ name: undefined as unknown as string }),
    'a task has the name undefined; it must be a text',
  ],
  ...[null, undefined, 'data'].map(
    (data) =>
      [
        `the data ${data}`,
        () =>
          makeStream({ name: 'mine', tasks: [{ year: 2000, data: data as unknown as TaskData }] }),
        `the task at 0 of tasks has the data ${data}; they must be an object with name, classNames, domain, shape, sizes, examples`,
      ] as const,
  ),
  [
    'nothing in its place',
    () =>
      makeStream({ name: 'mine', tasks: [null as unknown as { year: number; data: TaskData }] }),
    'the task at 0 of tasks has the data undefined; they must be an object with name, classNames, domain, shape, sizes, examples',
  ],
  [
    'no list around it',
    () => makeStream({ name: 'mine' } as unknown as StreamContent),
    'tasks was undefined; it must be a list of years and data',
  ],
  ...[null, undefined, 7].flatMap((examples) =>
    [
      () => streamOf({ examples: examples as unknown as TaskExamples }),
      () => streamOf({ examples: async () => examples as unknown as TaskExamples }),
    ].map(
      (stream, loaded) =>
        [
          `the examples ${examples}${loaded ? ', loaded' : ''}`,
          stream,
          `the task ${name} has the examples ${examples}; they must be an object with train, dev and the splits to predict`,
        ] as const,
    ),
  ),
  ...[null, {}, { labels: part(8).labels }, { images: part(8).images }].map(
    (dev) =>
      [
        `a dev that is ${dev && Object.keys(dev)}`,
        () =>
          streamOf(
            { examples: { ...whole, dev: dev as unknown as TaskExamples['dev'] } },
            { limit: { dev: 2 } },
          ),
        `the task ${name} has no arrays of images and labels in dev; they must be a Uint8Array and an Int32Array`,
      ] as const,
  ),
  ...(
    [
      [[2, 2], '2 x 2'],
      [[2, 2, 1, 1], '2 x 2 x 1 x 1'],
      [[0, 2, 1], '0 x 2 x 1'],
      [[2, 2, -1], '2 x 2 x -1'],
      [[2, 2, Number.NaN], '2 x 2 x NaN'],
      [[2, 2, '1'], '2 x 2 x "1"'],
      [[], '[]'],
      [null, 'null'],
      [undefined, 'undefined'],
    ] as const
  ).map(
    ([shape, was]) =>
      [
        `the shape ${was}`,
        () => streamOf({ shape: shape as unknown as Dataset['shape'] }),
        `the task ${name} has images of the shape ${was}; height, width and channels must be positive integers`,
      ] as const,
  ),
  ...[undefined, null, Number.NaN, 1998.5, '2001'].map(
    (year) =>
      [
        `the year ${typeof year} ${year}`,
        () => yearStream(year as number),
        `the task ${name} has the year ${year === '2001' ? '"2001"' : year}; it must be an integer`,
      ] as const,
  ),
  [
    'a year below that of the task before it',
    () => yearStream(1999),
    `the task ${name} of 1999 comes after one of 2000; years must not fall along a stream`,
  ],
  [
    'one label in train, of two classes',
    () => streamOf({ examples: { ...whole, train: part(16, 1) } }),
    `the task ${name} has the label 0 alone in train; it must have examples of two classes`,
  ],
  [
    'one label in what a limit keeps of train',
    () => streamOf({}, { limit: { train: 1 } }),
    'the task Sound has the label 0 alone in train; it must have examples of two classes',
  ],
  [
    'no split to predict',
    () => streamOf({}, { predictSplits: [] }),
    'the task Sound at position 0 is never predicted; it must be, on one split at least',
  ],
  [
    'many labels an image, in a stream of its own',
    () => ownStream(ofTask({ kind: 'multi-label' })),
    `the task ${name} is of the kind multi-label; it must be single-label`,
  ],
  [
    'one class, in a stream of its own',
    () => ownStream(ofTask({ numClasses: 1 })),
    `the task ${name} has one class; it must have at least two`,
  ],
  [
    'a text for the number of classes, in a stream of its own',
    () => ownStream(ofTask({ numClasses: '2' })),
    `the task ${name} has "2" classes; it must have at least two`,
  ],
  [
    'half a class, in a stream of its own',
    () => ownStream(ofTask({ numClasses: 2.5 })),
    `the task ${name} has 2.5 classes; it must have at least two`,
  ],
  [
    'classes without a name, in a stream of its own',
    () => {
      oddNames = ['a'];
      return ownStream(() => ({}));
    },
    `the task ${name} has 2 classes, but 1 names of classes; they must agree`,
  ],
  ...[undefined, Number.NaN].map(
    (year) =>
      [
        `the year ${year}, in a stream of its own`,
        () => ownStream(() => ({ year: year as number })),
        `the task ${name} has the year ${year}; it must be an integer`,
      ] as const,
  ),
  [
    'a year below that of the task before it, in a stream of its own',
    () => ownStream(() => ({ year: 1999 })),
    `the task ${name} of 1999 comes after one of 2000; years must not fall along a stream`,
  ],
  [
    'two years, in a stream of its own',
    () => ownStream(({ type }) => ({ year: type === 'train' ? 2001 : 2002 })),
    `the task ${name} at position 1 is learned in 2001 and predicted in 2002; the year must be the same`,
  ],
  [
    'no list of classes, in a stream of its own',
    () => ({ ...ownStream(() => ({})), classNames: () => undefined as unknown as string[] }),
    'the task Sound has the classNames undefined; they must be a list of texts',
  ],
  [
    'two classes of one name, in a stream of its own',
    () => {
      oddNames = ['a', 'a'];
      return ownStream(() => ({}));
    },
    `the task ${name} gives the classes 0 and 1 the name "a"; each must have a name of its own`,
  ],
  [
    'no domain, in a stream of its own',
    () => ({ ...ownStream(() => ({})), domain: () => undefined as unknown as string }),
    'the task Sound has the domain undefined; it must be a text',
  ],
  [
    'an event without it, in a stream of its own',
    () => {
      const stream = streamOf({});
      const events = () =>
        [...stream.events()].map((event) => ({ ...event, task: null }) as unknown as StreamEvent);
      return { ...stream, events };
    },
    'an event has the task null; it must have a name, a kind and numClasses',
  ],
  ...[null, undefined].map(
    (dataset) =>
      [
        `the data set ${dataset}, in a stream of its own`,
        () => ({ ...streamOf({}), dataset: async () => dataset as unknown as Dataset }),
        `the task Sound has ${dataset} for the data set of train; it must be a data set`,
      ] as const,
  ),
  ...[undefined, [2, 2]].map(
    (shape) =>
      [
        `the shape ${shape}, in a stream of its own`,
        () =>
          ownStream(
            () => ({}),
            () => ({ shape: shape as unknown as Dataset['shape'] }),
          ),
        `the task ${name} has images of the shape ${shape?.join(' x ')} in train; height, width and channels must be positive integers`,
      ] as const,
  ),
  [
    'no batch, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        () => ({ batch: () => undefined as unknown as ImageBatch }),
      ),
    `the task ${name} gives 0 labels and 0 bytes for 16 images of train; they must be 16 and 64`,
  ],
  [
    'one label in train, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        ({ batch }) => ({
          batch: (indices) => ({
            ...batch(indices),
            labels: new Int32Array(indices.length).fill(1),
          }),
        }),
      ),
    `the task ${name} has the label 1 alone in train; it must have examples of two classes`,
  ],
  [
    'no name, in a stream of its own',
    () => ownStream(ofTask({ name: '' })),
    'a task has the name ""; it must be a text',
  ],
  [
    'no example, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        () => ({ size: 0 }),
      ),
    `the task ${name} has no examples in train; it must have at least one`,
  ],
  [
    'images of no channel, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        () => ({ shape: [2, 2, 0] }),
      ),
    `the task ${name} has images of the shape 2 x 2 x 0 in train; height, width and channels must be positive integers`,
  ],
  [
    'other classes than its data, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        ({ task }) => ({ task: { ...task, numClasses: 3 } }),
      ),
    `the task ${name} has 2 classes, but 3 in train; they must agree`,
  ],
  [
    'a label beyond the classes, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        ({ batch }) => ({
          batch: (indices) => ({
            ...batch(indices),
            labels: new Int32Array(indices.length).fill(7),
          }),
        }),
      ),
    `the task ${name} has the label 7 at 0 of train; a label must be an integer of at least 0 and below 2`,
  ],
  [
    'batches that are not whole, in a stream of its own',
    () =>
      ownStream(
        () => ({}),
        ({ batch }) => ({ batch: (indices) => ({ ...batch(indices), images: new Uint8Array(3) }) }),
      ),
    `the task ${name} gives 16 labels and 3 bytes for 16 images of train; they must be 16 and 64`,
  ],
  [
    'a prediction before it was learned, in a stream of its own',
    () => {
      const stream = streamOf({});
      return { ...stream, events: () => [...stream.events()].toReversed() };
    },
    `the task ${name} has a predict event at position 1; a position must be trained on once, and predicted after that`,
  ],
  ...(
    [
      ['texts', ['0', '1'], '"0"'],
      ['bigints', BigInt64Array.of(0n, 1n), '0n'],
      ['nothing', [null, null], 'null'],
    ] as const
  ).flatMap(([title, wrong, was]) => {
    const labels = wrong as unknown as Int32Array;
    const must = 'a label must be an integer of at least 0 and below 2';
    return [
      [
        `labels that are ${title}`,
        () => streamOf({ examples: { ...whole, dev: { ...part(2), labels } } }),
        `the task ${name}: A___task_dev has the label ${was} at 0; ${must}`,
      ] as const,
      [
        `labels that are ${title}, in a stream of its own`,
        () =>
          ownStream(
            () => ({}),
            ({ batch }) => ({ size: 2, batch: (all) => ({ ...batch(all), labels }) }),
          ),
        `the task ${name} has the label ${was} at 0 of train; ${must}`,
      ] as const,
    ];
  }),
  ...[new Error('boom'), 'boom'].flatMap((error) => [
    [
      `examples that throw ${typeof error}`,
      () => streamOf({ examples: () => Promise.reject(error) }),
      `the task ${name}: boom`,
    ] as const,
    [
      `data that throw ${typeof error}, in a stream of its own`,
      () =>
        ownStream(
          () => ({}),
          () => {
            throw error;
          },
        ),
      `the task ${name}: boom`,
    ] as const,
  ]),
  ...['x'.repeat(300), '日本'.repeat(50)].flatMap((long) => {
    const message = `the task ${long.slice(0, 40)}… has a name of 300 bytes; it must have at most 160, since files are named after it`;
    return [
      [`a name of ${long.length} letters`, () => streamOf({ name: long }), message] as const,
      [
        `a name of ${long.length} letters, in a stream of its own`,
        () => ownStream(ofTask({ name: long })),
        message,
      ] as const,
    ];
  }),
  [
    'a long key of its data, in a stream of its own',
    () => {
      const dataset = `${'k'.repeat(300)}_test` as const;
      return ownStream(({ type }) => (type === 'predict' ? { dataset } : {}));
    },
    `the task ${name} has a data set "${'k'.repeat(39)}…; its key must be a text of at most 174 bytes`,
  ],
  ...[0, 1, 2.5, '106'].flatMap((count) => {
    const benchmark = { name: 'Bench', positions: count as number };
    const message = `the benchmark Bench has ${JSON.stringify(count)} positions; it must be an integer, and at least the 2 of the stream`;
    const tasks = [{ year: 2000, data: taskOf({ name: 'Sound' }) }];
    return [
      [
        `a benchmark of ${count} positions`,
        () =>
          makeStream({
            name: 'mine',
            benchmark,
            tasks: [...tasks, { year: 2001, data: taskOf({}) }],
          }),
        message,
      ] as const,
      [
        `a benchmark of ${count} positions, in a stream of its own`,
        () => ({ ...streamOf({}), benchmark }),
        message,
      ] as const,
    ];
  }),
];

it('a name of 160 bytes, or with letters that file systems do not take, is no hindrance', async () => {
  for (const odd of ['W'.repeat(160), 'a/../../b', 'a\\b:c*?"<>|\0\n', 'å'.repeat(80)]) {
    const report = await runStream({
      ...{
        folder: join(folder, `${odd.codePointAt(1)}`),
        stream: streamOf({ name: odd }),
        seed: 0,
      },
      ...{ learners: [independentLearner({ backbone: pixelBackbone(2), search })], backend: none },
    });
    expect(report.learners[0]?.tasks).toHaveLength(2);
  }
});

describe('a task is refused before anything is learned, by its name', () => {
  it.each(streams)('with %s', async (_title, stream, message) => {
    let begun = 0;
    const watched = (learner: Learner): Learner => ({
      ...learner,
      init: async () => {
        begun++;
        return {} as Json;
      },
    });
    const learners = [
      independentLearner({ backbone: pixelBackbone(2), search }),
      finetunePreviousLearner({ backbone, search }),
      meansLearner(),
    ];
    for (const learner of learners) {
      const run = async () =>
        runStream({
          ...{ folder: join(folder, learner.name), stream: stream(), seed: 0 },
          ...{ learners: [watched(learner)], backend: none },
        });
      await expect(run()).rejects.toThrow(new DataError(message));
    }
    expect(begun).toBe(0);
    for (const left of await readdir(folder)) {
      expect(await readdir(join(folder, left))).toEqual([]);
    }
  });

  it('and when it is mended, with other settings too, the same folder will do', async () => {
    const options = { folder, learners: [meansLearner()], backend: none };
    const broken = streamOf({ examples: { ...whole, dev: part(0) } });
    const run = runStream({ ...options, stream: broken, seed: 0 });
    await expect(run).rejects.toThrow('no examples in dev');
    const report = await runStream({ ...options, stream: toyStream(), seed: 1 });
    expect(report.settings.seed).toBe(1);
  });

  it('and when its data cannot be loaded at all, the folder is free too', async () => {
    const failing = streamOf({ examples: () => Promise.reject(new Error('no network')) });
    const run = runStream({
      ...{ folder, learners: [meansLearner()], backend: none, stream: failing, seed: 0 },
    });
    await expect(run).rejects.toThrow('no network');
    expect(await readdir(folder)).toEqual([]);
  });

  it('and a stream without a task by its own', async () => {
    const run = runStream({
      ...{ folder, stream: makeStream({ name: 'bare', tasks: [] }), seed: 0 },
      ...{ learners: [meansLearner()], backend: none },
    });
    await expect(run).rejects.toThrow('the stream bare was empty; it must hold a task');
  });

  it('also by a learner that a program calls itself', async () => {
    const learner = independentLearner({ backbone: pixelBackbone(2), search });
    const cases = [
      [streamOf({ classNames: ['only'], examples: { ...whole, train: part(16, 1) } }), 'one class'],
      [streamOf({ examples: { ...whole, train: part(0) } }), 'no examples in train'],
      [streamOf({ examples: { ...whole, dev: part(0) } }), 'no examples in dev'],
      [streamOf({ examples: { ...whole, train: part(16, 1) } }), 'the label 0 alone in train'],
      [
        ownStream(
          () => ({}),
          ({ batch }) => ({
            batch: (indices) => ({
              ...batch(indices),
              labels: new Int32Array(indices.length).fill(2),
            }),
          }),
        ),
        'the label 2 at 0 of train',
      ],
    ] as const;
    for (const [stream, what] of cases) {
      const event = trainingEvents(stream).at(-1);
      if (event === undefined) throw new Error('the stream is empty');
      const { context } = memoryContext(stream);
      const training = learner.train(event, { tasks: [] }, context);
      await expect(training).rejects.toThrow(`the task ${name} has ${what}`);
    }
  });
});
