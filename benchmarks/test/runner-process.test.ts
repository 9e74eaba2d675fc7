import { platform } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RunnerProcess } from '../src/runner-process.ts';

const growing = fileURLToPath(new URL('fixtures/growing-runner.mjs', import.meta.url));

describe("the peak of a runner's memory", () => {
  it.skipIf(platform() !== 'linux')('is that since the last reset', async () => {
    const runner = new RunnerProcess({
      file: process.execPath,
      args: ['--expose-gc', growing],
      env: process.env,
    });
    const run = () => runner.ask({ do: 'run', folder: '' }, 60);
    try {
      await runner.hello(60);
      expect(runner.resetPeak()).toBe(true);
      const before = runner.peakMiB() ?? Number.NaN;
      await run();
      expect(runner.peakMiB()).toBeGreaterThan(before + 250);
      await runner.ask({ do: 'unload' }, 60);
      runner.resetPeak();
      expect(runner.peakMiB()).toBeLessThan(before + 100);
    } finally {
      await runner.end();
    }
  });
});
