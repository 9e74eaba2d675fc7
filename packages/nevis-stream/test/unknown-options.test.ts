import { expect, it } from 'vitest';
import { runStream } from '../src/environment/run-stream.ts';
import { pixelBackbone, vitBackbone } from '../src/learners/backbone.ts';
import { finetunePreviousLearner, independentLearner } from '../src/learners/transfer-learner.ts';
import { presets } from '../src/presets.ts';
import { createLearner } from '../src/settings.ts';
import { makeStream } from '../src/streams/make-stream.ts';
import { openNevisOpen } from '../src/streams/open-nevis-open.ts';

const sizes = { imageSize: 6, patch: 3, width: 8, depth: 1, heads: 2, mlpWidth: 16 };
const search = {
  ...{ learningRates: [0.1], steps: 1, batchSize: 1, warmupSteps: 0, weightDecay: 0, clipNorm: 1 },
  ...{ validateEvery: 1, patience: 1, checkpointEvery: 1, evaluationBatchSize: 1 },
};
const content = { name: 's', tasks: [] };
const part = { images: new Uint8Array(2), labels: new Int32Array(2) };
const task = {
  ...{ name: 'T', domain: 'toy', classNames: ['a', 'b'], shape: [1, 1, 1] as const },
  examples: { train: part, dev: part },
};
const fromSettings = {
  ...{ name: 'l', title: 'L', rule: 'independent' as const, search },
  backbone: { kind: 'pixels' as const, imageSize: 2 },
};
const learner = { backbone: pixelBackbone(2), search };

const ofTask = (more: object) =>
  makeStream({ name: 's', tasks: [{ year: 1, data: { ...task, ...more } }] });
const missing = { year: 1, name: 'M', fix: 'npm install m' };

const takers = {
  'the first object of makeStream': async (more: object) => makeStream({ ...content, ...more }),
  'the task T of tasks': async (more: object) =>
    makeStream({ name: 's', tasks: [{ year: 1, data: task, ...more }] }),
  'examples of the task T': async (more: object) =>
    ofTask({ examples: { ...task.examples, ...more } }),
  'sizes of the task T': async (more: object) => ofTask({ sizes: { train: 2, ...more } }),
  benchmark: async (more: object) =>
    makeStream({ ...content, benchmark: { name: 'B', positions: 1, ...more } }),
  'missing[0]': async (more: object) =>
    makeStream({ ...content, missing: [{ ...missing, ...more }] }),
  createLearner: async (more: object) => createLearner({ ...fromSettings, ...more }),
  backbone: async (more: object) =>
    createLearner({ ...fromSettings, backbone: { ...fromSettings.backbone, ...more } }),
  makeStream: async (more: object) => makeStream(content, { ...more }),
  limit: async (more: object) => makeStream(content, { limit: { train: 1, ...more } }),
  'the task T': async (more: object) =>
    makeStream({ name: 's', tasks: [{ year: 1, data: { ...task, ...more } }] }),
  openNevisOpen: (more: object) => openNevisOpen({ cacheDir: '/nowhere', tasks: [0], ...more }),
  vitBackbone: async (more: object) => vitBackbone({ ...sizes, ...more }),
  independentLearner: async (more: object) => independentLearner({ ...learner, ...more }),
  search: async (more: object) =>
    independentLearner({ ...learner, search: { ...search, ...more } }),
  finetunePreviousLearner: async (more: object) => finetunePreviousLearner({ ...learner, ...more }),
};

it.each(Object.entries(takers))('%s refuses an option that there is not', async (owner, take) => {
  await expect(take({})).resolves.toBeDefined();
  await expect(take({ seeds: 1 })).rejects.toThrow(TypeError);
  await expect(take({ seeds: 1 })).rejects.toThrow(`${owner} has no option "seeds"; it takes `);
});

it.each<[string, () => unknown, string]>([
  [
    'options of the second object in the first',
    () =>
      makeStream({ ...content, predictSplits: ['test'], limit: {}, labels: 'shuffled' } as never),
    'the first object of makeStream has no option "predictSplits", "limit", "labels"; it takes name, benchmark, tasks, missing',
  ],
  [
    'makeStream without a stream',
    () => makeStream(null as never),
    'the first object of makeStream was null; it must be an object with name and tasks',
  ],
  [
    'makeStream with null for options',
    () => makeStream(content, null as never),
    'the options of makeStream were null; they must be an object',
  ],
  [
    'a limit of null',
    () => makeStream(content, { limit: null } as never),
    'the options of limit were null; they must be an object',
  ],
  [
    'a stream without a name',
    () => makeStream({ tasks: [] } as never),
    'the name of the stream was undefined; it must be a text',
  ],
  [
    'tasks that are none',
    () => makeStream({ name: 's', tasks: 'MNIST' } as never),
    'tasks was "MNIST"; it must be a list of years and data',
  ],
  [
    'missing tasks that are no list',
    () => makeStream({ ...content, missing: 3 } as never),
    'missing was 3; it must be a list of tasks',
  ],
  ...(
    [
      [null, 'missing[0] was null; it must be an object with year, name and fix'],
      [{ name: 'M', fix: 'f' }, 'missing[0].year was undefined; it must be an integer'],
      [{ year: 1, fix: 'f' }, 'missing[0].name was undefined; it must be a text'],
      [{ year: 1, name: 'M' }, 'missing[0].fix was undefined; it must be a text'],
      [{ ...missing, fix: '' }, 'missing[0].fix was ""; it must be a text'],
    ] as const
  ).map(([one, message]): [string, () => unknown, string] => [
    `the missing task ${JSON.stringify(one)}`,
    () => makeStream({ ...content, missing: [one] } as never),
    message,
  ]),
  [
    'a size that is none',
    () => ofTask({ sizes: { train: '60' } }),
    'sizes of the task T.train was "60"; it must be a positive integer',
  ],
  [
    'a seed that is none',
    () => makeStream(content, { seed: Number.NaN }),
    'seed was NaN; it must be an integer',
  ],
  [
    'a listener that is none',
    () => makeStream(content, { onProgress: true } as never),
    'onProgress was true; it must be a function',
  ],
  [
    'openNevisOpen without options',
    () => openNevisOpen(undefined as never),
    'the options of openNevisOpen were undefined; they must be an object',
  ],
  [
    'openNevisOpen with null',
    () => openNevisOpen(null as never),
    'the options of openNevisOpen were null; they must be an object',
  ],
  [
    'openNevisOpen without a folder',
    () => openNevisOpen({ tasks: [0] } as never),
    'cacheDir was undefined; it must be the path of a folder',
  ],
  [
    'openNevisOpen with one task',
    () => openNevisOpen({ cacheDir: 'c', tasks: 'MNIST' } as never),
    'tasks was "MNIST"; it must be a list of names or positions',
  ],
  [
    'openNevisOpen with a listener that is none',
    () => openNevisOpen({ cacheDir: 'c', onWarning: 1 } as never),
    'onWarning was 1; it must be a function',
  ],
  [
    'createLearner without settings',
    () => createLearner(null as never),
    'the options of createLearner were null; they must be an object',
  ],
  [
    'createLearner with an unknown rule',
    () => createLearner({ ...fromSettings, rule: 'x' } as never),
    'rule was "x"; it must be "independent" or "finetune-previous"',
  ],
  [
    'createLearner without a backbone',
    () => createLearner({ ...fromSettings, backbone: null } as never),
    'backbone was null; it must be an object with its kind and sizes',
  ],
  [
    'createLearner with an unknown backbone',
    () => createLearner({ ...fromSettings, backbone: { kind: 'mlp' } } as never),
    'backbone.kind was "mlp"; it must be "vit" or "pixels"',
  ],
  [
    'runStream with null',
    () => runStream(null as never),
    'the options of runStream were null; they must be an object',
  ],
])('%s: one sentence says what is wrong', async (_title, make, message) => {
  await expect((async () => make())()).rejects.toThrow(message);
});

it('runStream refuses an option that there is not, before it makes a folder', async () => {
  const options = { folder: '/nowhere', stream: makeStream(content), learners: [], seeds: 1 };
  await expect(runStream(options as unknown as Parameters<typeof runStream>[0])).rejects.toThrow(
    'runStream has no option "seeds"; it takes ',
  );
});

it.each(Object.values(presets).flatMap(({ learners }) => learners))(
  'the learner $name of a preset is made, also from the settings that it keeps',
  (settings) => {
    const { name, title, settings: kept } = createLearner(settings);
    const again = { name, title, ...(kept as object) } as unknown as typeof settings;
    expect(createLearner(again).settings).toEqual(kept);
  },
);

it.each([independentLearner, finetunePreviousLearner])(
  '%o says that it needs a backbone',
  (make) => {
    const none = { ...learner, backbone: null } as unknown as typeof learner;
    expect(() => make(none)).toThrow(
      new RangeError(
        'backbone was null; it must be that of vitBackbone, pixelBackbone or one like them',
      ),
    );
  },
);

it('a number that was given as a text is shown as one', () => {
  const rates = { ...search, learningRates: ['0.1'] } as unknown as typeof search;
  expect(() => independentLearner({ ...learner, search: rates })).toThrow(
    'search.learningRates was ["0.1"]; it must be a list of at least one finite number >= 0',
  );
  const steps = { ...search, steps: '1' } as unknown as typeof search;
  expect(() => independentLearner({ ...learner, search: steps })).toThrow(
    'search.steps was "1"; it must be a positive integer',
  );
  const limit = { train: '1' as unknown as number };
  expect(() => makeStream(content, { limit })).toThrow(
    'limit.train was "1"; it must be a positive integer',
  );
});

it('makeStream says that its splits to predict are a list', () => {
  const options = { predictSplits: null } as unknown as Parameters<typeof makeStream>[1];
  expect(() => makeStream(content, options)).toThrow(
    new RangeError(
      'predictSplits was null; it must be a list of train, dev, train_and_dev, dev_test, test',
    ),
  );
});
