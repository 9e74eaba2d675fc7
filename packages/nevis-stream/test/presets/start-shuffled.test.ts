import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { patience, results, runStart } from './run-start.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'nevis-start-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

it(
  'training on shuffled labels leaves every learner at chance',
  async () => {
    for (const result of results(await runStart(scratch, 'shuffled'))) {
      const { learner, task, errorRate, majorityErrorRate } = result;
      // Whoever fitted noise gives look-alike images the same answer, so that errors are not independent and a
      // binomial's width is too narrow: one percent on MNIST. A tenth is far from the half that learning takes away.
      expect(errorRate, `${learner} on ${task}`).toBeGreaterThan(0.9 * majorityErrorRate);
    }
  },
  patience,
);
