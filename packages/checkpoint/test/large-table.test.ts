import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeBackends } from '@neverend/backend/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('fixtures/large-table.ts', import.meta.url));

/** What comes of a piece of work in a process of its own. */
async function largeTable(path: string, work: string): Promise<{ wrong: number; extra: number }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', '--conditions=@neverend/source', program, path, work],
    { timeout: 600_000, env: { ...process.env, NEVEREND_KERNELS: 'auto' } },
  );
  const came = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
    wrong: number;
    extra: number;
  };
  process.stderr.write(`3 GiB, ${work}: ${Math.round(came.extra / 2 ** 20)} MiB more\n`);
  return came;
}

// Peaks are read from Linux' /proc. What they do is shown at small sizes in tensors.test.ts.
const runs = process.env['NEVEREND_LONG'] === '1' && process.platform === 'linux';

await describeBackends('a table of 3 GiB', () => {
  describe.runIf(runs)('in npm run test:long', () => {
    let folder: string;
    let path: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
      path = join(folder, 'model.safetensors');
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it.each([[['write slices', 'read tensor', 'read array']], [['write tensor', 'read variable']]])(
      'takes at most 600 MiB beside it: %j',
      async (works) => {
        for (const work of works) {
          const { wrong, extra } = await largeTable(path, work);
          expect(wrong).toBe(0);
          expect(extra).toBeLessThan(600 * 2 ** 20);
        }
      },
      1_200_000,
    );
  });
}, ['tensorflow']);
