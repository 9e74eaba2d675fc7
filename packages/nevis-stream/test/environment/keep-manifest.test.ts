import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '@neverend/checkpoint/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStream } from '../../src/environment/run-stream.ts';
import { makeStream, type TaskData } from '../../src/streams/make-stream.ts';
import type { Stream } from '../../src/types.ts';
import { meansLearner, runDigests } from './toy.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nevis-manifest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const part = (n: number) => ({
  images: Uint8Array.from({ length: 4 * n }, (_, at) => 80 * (Math.floor(at / 4) % 3)),
  labels: Int32Array.from({ length: n }, (_, at) => at % 3),
});
const task = (name: string, change: Partial<TaskData> = {}): TaskData => ({
  ...{ name, domain: 'toy', classNames: ['dark', 'grey', 'bright'], shape: [2, 2, 1] },
  examples: { train: part(6), dev: part(3), dev_test: part(3), test: part(3) },
  ...change,
});
const [a, b, c] = [task('A'), task('B'), task('C')];
const positions = (...tasks: readonly (readonly [TaskData, number])[]) =>
  tasks.map(([data, year]) => ({ data, year }));
const make = (...tasks: readonly (readonly [TaskData, number])[]) =>
  makeStream({ name: 'mine', tasks: positions(...tasks) });
const first = make([a, 2001], [b, 2002]);

const run = (stream: Stream) =>
  runStream({
    ...{ folder, stream, learners: [meansLearner()], seed: 3, streamSettings: 'the same' },
    backend: { name: 'none', version: '0', device: 'none' },
  });

describe('the folder of a run is refused for a stream', () => {
  it.each([
    [
      'with the same tasks in another order',
      make([b, 2001], [a, 2002]),
      'event 0: A (2001) became B (2001); event 1: A (2001) became B (2001); event 2: B (2002) became A (2002); and 1 more',
    ],
    [
      'with another task of the same data',
      make([a, 2001], [c, 2002]),
      'event 2: B (2002) became C (2002); event 3: B (2002) became C (2002)',
    ],
    [
      'with another year',
      make([a, 2001], [b, 2003]),
      'event 2: B (2002) became B (2003); event 3: B (2002) became B (2003)',
    ],
    [
      'with a task more',
      make([a, 2001], [b, 2002], [c, 2002]),
      'event 4: nothing became C (2002); event 5: nothing became C (2002)',
    ],
    [
      'with a task less',
      make([a, 2001]),
      'event 2: B (2002) became nothing; event 3: B (2002) became nothing',
    ],
    [
      'with other names of classes',
      make([a, 2001], [task('B', { classNames: ['x', 'grey', 'bright'] }), 2002]),
      'B.classNames.0: "dark" became "x"',
    ],
    [
      'with another domain',
      make([task('A', { domain: 'signs' }), 2001], [b, 2002]),
      'A.domain: "toy" became "signs"',
    ],
    [
      'with another split to predict',
      makeStream(
        { name: 'mine', tasks: positions([a, 2001], [b, 2002]) },
        { predictSplits: ['test'] },
      ),
      'A (2001).dataset: "A_dev_test" became "A_test"; A (2001).split: "dev_test" became "test"; B (2002).dataset: "B_dev_test" became "B_test"; and 1 more',
    ],
    [
      'of a benchmark',
      { ...first, benchmark: { name: 'Bench', positions: 9 } },
      'benchmark: null became {"name":"Bench","positions":9}',
    ],
  ])('%s', async (_title, other, differences) => {
    await run(first);
    const before = await runDigests(folder);
    await expect(run(other)).rejects.toThrow(
      new RunError(
        `${join(folder, 'manifest.json')} was written by a run with other tasks (${differences}); use another folder`,
      ),
    );
    expect(await runDigests(folder)).toEqual(before);
    // The same stream, made anew, goes on.
    await run(make([task('A'), 2001], [task('B'), 2002]));
    expect(await runDigests(folder)).toEqual(before);
  });

  it.each([
    [
      'whose prefixes are of larger data sets',
      task('A', { sizes: { train: 60 } }),
      'data.A_train.whole: nothing became 60',
    ],
    [
      'with more examples',
      task('A', { examples: { train: part(6), dev: part(6), dev_test: part(3) } }),
      'data.A_dev.sha256: ',
    ],
  ])('%s', async (_title, other, difference) => {
    await run(first);
    await expect(run(make([other, 2001], [b, 2002]))).rejects.toThrow(
      `was written by a run with other data (${difference}`,
    );
  });
});

it.each([
  ['hashes alone', (data: object) => data],
  ['nothing', () => ({})],
  ['null', () => null],
])('a folder whose manifest has %s, as of an earlier version, is refused', async (_title, keep) => {
  await run(first);
  const path = join(folder, 'manifest.json');
  const { data } = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify(keep(data)));
  await expect(run(first)).rejects.toThrow(
    new RunError(
      `${path} is of an earlier version, which kept no order of tasks, so that its run cannot go on; use another folder, or delete this one`,
    ),
  );
});
