import type {
  ReportComparisons,
  ReportData,
  ReportExample,
  ReportExamples,
  ReportLearner,
  ReportTask,
  ReportTaskResult,
  Timing,
} from '../../src/report/index.ts';

/** Numbers in [0, 1) from a linear congruential generator: the same ones at every call. */
function seededUniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const digits = Array.from({ length: 10 }, (_, digit) => String(digit));
const garments = [
  ...['T-shirt/top', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag'],
  'Ankle boot',
];
const soils = [
  ...['red soil', 'cotton crop', 'grey soil', 'damp grey soil', 'vegetation stubble'],
  ...['mixture', 'very damp grey soil'],
];

interface FixtureTask extends ReportTask {
  readonly shape: ReportExamples['shape'];
  /** Error rates of the three learners. */
  readonly errors: readonly [number, number, number];
}

function task(
  position: number,
  [year, name, domain]: readonly [number, string, string],
  classNames: readonly string[],
  [trainSize, devSize, evalSize, majority]: readonly [number, number, number, number],
  shape: ReportExamples['shape'],
  errors: FixtureTask['errors'],
): FixtureTask {
  return {
    ...{ position, year, name, domain, classNames, numClasses: classNames.length },
    ...{ trainSize, devSize, evalSize, evalSplit: 'dev_test' },
    whole:
      year === 1998
        ? { train: 3132, dev: 632, eval: 671 }
        : { train: 42_000, dev: 9000, eval: 9000 },
    // Whole numbers of errors, as a run has them.
    majorityErrorRate: Math.round(majority * evalSize) / evalSize,
    ...{ shape, errors },
  };
}

const grey = [28, 28, 1] as const;
const tasks: readonly FixtureTask[] = [
  task(
    0,
    [1998, 'LandSat', 'satellite'],
    soils,
    [3132, 632, 671, 0.7615],
    [3, 3, 4],
    [0.146, 0.146, 0.1744],
  ),
  task(
    1,
    [2004, 'MNIST', 'ocr'],
    digits,
    [8000, 1000, 2000, 0.8875],
    grey,
    [0.0415, 0.0385, 0.0905],
  ),
  task(
    2,
    [2015, 'MNIST', 'ocr'],
    digits,
    [8000, 1000, 2000, 0.8875],
    grey,
    [0.044, 0.0265, 0.0905],
  ),
  task(
    3,
    [2019, 'Fashion-MNIST', 'object'],
    garments,
    [8000, 1000, 2000, 0.8995],
    grey,
    [0.1705, 0.1575, 0.179],
  ),
  task(
    4,
    [2019, 'MNIST-rot', 'ocr'],
    digits,
    [8000, 1000, 2000, 0.887],
    grey,
    [0.2775, 0.2105, 0.6175],
  ),
];

const rates = [0.0003, 0.001, 0.003];
const stepFlops = [2_153_488_384n, 2_153_488_384n, 30_146_560n];

function results(learner: number): ReportTaskResult[] {
  let cumulative = 0n;
  let cumulativeTrain = 0n;
  return tasks.map((task) => {
    const uniform = seededUniform(1000 * learner + task.position + 1);
    const chosen = Math.floor(uniform() * rates.length);
    const errorRate = Math.round((task.errors[learner] ?? 1) * task.evalSize) / task.evalSize;
    const trials = rates.map((learningRate, trial) => ({
      learningRate,
      devError: trial === chosen ? errorRate * 0.97 : errorRate * (1.1 + uniform()),
      bestStep: 50 * Math.ceil(2 + 3 * uniform()),
      steps: 300,
    }));
    const step = stepFlops[learner] ?? 1n;
    const flops = {
      train: step * 900n,
      validation: (step * BigInt(task.devSize * 18)) / 96n,
      prediction: (step * BigInt(task.evalSize)) / 96n,
    };
    cumulative += flops.train + flops.validation + flops.prediction;
    cumulativeTrain += flops.train;
    return {
      position: task.position,
      errorRate,
      crossEntropy: errorRate * (2.4 + uniform()),
      top5ErrorRate: Math.round((errorRate / 9) * task.evalSize) / task.evalSize,
      flops: {
        train: String(flops.train),
        validation: String(flops.validation),
        prediction: String(flops.prediction),
      },
      cumulativeFlops: String(cumulative),
      cumulativeTrainFlops: String(cumulativeTrain),
      trials,
      chosen,
      startedFrom: learner === 1 && task.position > 0 ? task.position - 1 : null,
    };
  });
}

function learner(index: number, name: string, title: string, parameters: number): ReportLearner {
  const tasks = results(index);
  const transformer = { kind: 'vit', imageSize: 16, patch: 4, width: 48, depth: 3, heads: 4 };
  return {
    ...{ name, title, parameters, tasks },
    settings: {
      rule: name,
      backbone: index === 2 ? { kind: 'pixels', imageSize: 16 } : transformer,
      search: { learningRates: rates, steps: 300, batchSize: 32, validateEvery: 50, patience: 3 },
    },
    averageErrorRate: tasks.reduce((sum, { errorRate }) => sum + errorRate, 0) / tasks.length,
  };
}

const segments = ['1110111', '0010010', '1011101', '1011011', '0111010', '1101011', '1101111'];
const moreSegments = ['1010010', '1111111', '1111011'];
// Bars of a seven-segment digit as x, y, width and height on 28 pixels.
const bars = [
  [9, 4, 11, 3],
  [8, 5, 3, 9],
  [18, 5, 3, 9],
  [9, 12, 11, 3],
  [8, 14, 3, 9],
  [18, 14, 3, 9],
  [9, 21, 11, 3],
] as const;
const outlines = [
  [4, 5, 20, 7, 8, 5, 12, 19],
  [9, 3, 10, 6, 9, 3, 4, 22],
  [3, 5, 22, 18, 8, 5, 12, 19],
  [10, 3, 8, 12, 8, 14, 12, 11],
  [4, 4, 20, 20, 8, 4, 12, 21],
  [3, 17, 22, 4, 16, 11, 9, 6],
  [5, 4, 18, 16, 9, 4, 10, 20],
  [3, 15, 22, 6, 3, 11, 9, 6],
  [5, 11, 18, 13, 9, 5, 10, 6],
  [4, 16, 20, 7, 4, 6, 8, 12],
] as const;

function pixels(task: FixtureTask, label: number, uniform: () => number): string {
  const [height, width, channels] = task.shape;
  const bytes = new Uint8Array(height * width * channels);
  if (channels === 4) {
    const base = [0, 1, 2, 3].map((band) => 45 + ((label * 37 + band * 29) % 90));
    bytes.forEach((_, at) => {
      bytes[at] = (base[at % 4] ?? 0) + 18 * uniform();
    });
    return Buffer.from(bytes).toString('base64');
  }
  const shift = Math.floor(3 * uniform()) - 1;
  const fill = (x: number, y: number, w: number, h: number, value: number) => {
    for (let row = y; row < y + h; row++) {
      for (let column = x; column < x + w; column++) {
        bytes[row * width + column + shift] = value * (0.8 + 0.2 * uniform());
      }
    }
  };
  if (task.domain === 'ocr') {
    const lit = [...segments, ...moreSegments][label] ?? '';
    bars.forEach(([x, y, w, h], bar) => {
      if (lit[bar] === '1') fill(x, y, w, h, 250);
    });
  } else {
    const [x, y, w, h, x2, y2, w2, h2] = outlines[label] ?? outlines[0];
    fill(x, y, w, h, 170);
    fill(x2, y2, w2, h2, 215);
  }
  return Buffer.from(bytes).toString('base64');
}

function examples(task: FixtureTask): ReportExamples {
  const uniform = seededUniform(77 + task.position);
  const items = Array.from({ length: 8 }, (_, at): ReportExample => {
    const label = (at * 3 + task.position) % task.numClasses;
    const predict = (error: number) =>
      uniform() < 2 * error ? (label + 1 + at) % task.numClasses : label;
    return {
      index: at * 41,
      label,
      pixels: pixels(task, label, uniform),
      predictions: {
        independent: predict(task.errors[0]),
        'finetune-previous': predict(task.errors[1]),
        'logistic-regression': predict(task.errors[2]),
      },
    };
  });
  return { position: task.position, shape: task.shape, items };
}

const names = ['independent', 'finetune-previous', 'logistic-regression'] as const;
const pairs = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/** Made-up tests that fit the errors: differences above two points are shown. */
function comparisons(): ReportComparisons {
  const average = (learner: number) =>
    tasks.reduce((sum, { errors }) => sum + (errors[learner] ?? 0), 0) / tasks.length;
  return {
    level: 0.05,
    average: pairs.map(([first, second]) => {
      const difference = average(first) - average(second);
      const interval = { difference, low: difference - 0.01, high: difference + 0.01 };
      return {
        learners: [names[first], names[second]],
        ...interval,
        shown: difference ** 2 > 1e-4,
      };
    }),
    tasks: tasks.flatMap(({ position, errors, evalSize }) =>
      pairs.map(([first, second]) => {
        const more = Math.round((errors[first] - errors[second]) * evalSize);
        const shown = Math.abs(errors[first] - errors[second]) > 0.02;
        return {
          ...{ position, learners: [names[first], names[second]] as const, shown },
          ...{ onlyFirst: 50 + Math.max(0, more), onlySecond: 50 + Math.max(0, -more) },
          pValue: shown ? 0.0004 : 0.31,
        };
      }),
    ),
  };
}

/** A report like one of a real run: five tasks, three learners, made-up but consistent numbers. */
export function reportFixture(changes: Partial<ReportData> = {}): ReportData {
  return {
    schema: 2,
    command: 'nevis run --preset small --seed 1 --backend wasm --out again',
    title: 'Two learners and a line through thirty years of vision',
    settings: { preset: 'small', seed: 1, stream: 'nevis-open', trainLimit: 8000, evalLimit: 2000 },
    backend: { name: 'wasm', version: '4.22.0', device: 'CPU, 2 threads, SIMD' },
    stream: {
      name: 'nevis-open',
      benchmark: { name: "NEVIS'22", positions: 106 },
      tasks: tasks.map(({ shape, errors, ...task }) => task),
      missing: [{ year: 2018, name: 'Semeion', fix: 'npx nevis get semeion' }],
    },
    learners: [
      learner(0, 'independent', 'Independent', 90_778),
      learner(1, 'finetune-previous', 'Fine-tuning from previous', 90_778),
      learner(2, 'logistic-regression', 'Logistic regression on pixels', 7_690),
    ],
    comparisons: comparisons(),
    examples: tasks.map(examples),
    ...changes,
  };
}

/** Wall times that fit `reportFixture`. */
export function timingFixture(data: ReportData = reportFixture()): Timing {
  return {
    hosts: [
      {
        platform: 'linux x64',
        cpu: 'Intel(R) Xeon(R) CPU @ 2.80GHz',
        cores: 2,
        memoryBytes: 8_337_358_848,
        node: 'v20.20.2',
      },
    ],
    learners: data.learners.map(({ name, tasks }, learner) => ({
      name,
      tasks: tasks.map(({ position }) => ({
        position,
        trainSeconds: learner === 2 ? 1.07 + position / 8 : 21.4 + 3.1 * position + learner,
        predictSeconds: learner === 2 ? 0.04 : 0.61 + position / 50,
      })),
    })),
  };
}
