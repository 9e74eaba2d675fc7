import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { run } from '../src/own-learner.ts';

const folder = await mkdtemp(join(tmpdir(), 'own-learner-'));
afterAll(() => rm(folder, { recursive: true }));

it('goes through the stream, learns, and has a report', async () => {
  const { learners, stream } = await run(join(folder, 'run'), join(folder, 'cache'));
  const tasks = learners[0]?.tasks ?? [];
  expect(stream.tasks.map(({ name }) => name)).toEqual([
    'LandSat UCI repo',
    'MNIST',
    'MNIST',
    'Fashion MNIST',
    'MNIST-rot',
  ]);
  // Of 256 images, means tell most classes apart; guessing is wrong in nine of ten.
  const [landSat = 1, mnist = 1, again, fashion = 1] = tasks.map(({ errorRate }) => errorRate);
  expect(Math.max(landSat, mnist, fashion)).toBeLessThan(0.5);
  expect(again).toBe(mnist);
  expect(await readFile(join(folder, 'run', 'report.html'), 'utf8')).toContain(
    'Nearest mean image',
  );
});
