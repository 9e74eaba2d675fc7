import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { describe, expect, it } from 'vitest';
import { peer } from './peer.ts';

// In a process of its own: it trains for minutes.

const small = ['--preset', 'small'];

/** The preset `small`, with 64² experts in a smaller model. */
const smaller = [
  ...[...small, '--width', '128', '--context', '128', '--blocks', 'dense,peer,dense'],
  ...['--keys', '64', '--steps', '300', '--evaluate-every', '300'],
  ...['--table-learning-rate', '1e-2', '--held-out-share', '0.01'],
];

describe.runIf(process.env['NEVEREND_LONG'])('peer train', () => {
  it.each([
    ['of 64² experts', smaller, { block: 1, items: 64 ** 2 }, 0.3],
    ['of the preset small', small, { block: 2, items: 256 ** 2 }, 0.1],
  ] as const)(
    'learns speeches better than gzip and counts of three bytes know them, with experts (%s)',
    async (_, flags, { block, items }, coverage) => {
      await useBackend('wasm');
      const folder = await mkdtemp(join(tmpdir(), 'peer-learns-'));
      const told = async (command: string, ...args: string[]) => {
        const all = [command, ...args, '--backend', 'wasm', '--json', '--quiet'];
        const { code, stdout } = await peer(...all);
        expect(code).toBe(0);
        return JSON.parse(stdout);
      };
      try {
        const before = process.cpuUsage();
        await told('train', ...flags, '--out', folder);
        const { user, system } = process.cpuUsage(before);
        // Ten minutes of two processors, whatever else these do meanwhile.
        expect((user + system) / 1e6).toBeLessThan(2 * 600);
        const { bitsPerByte, without, baselines } = await told('eval', folder);
        expect(bitsPerByte).toBeLessThan(baselines.threeBytes);
        expect(bitsPerByte).toBeLessThan(baselines.gzip);
        expect(without[block].bitsPerByte).toBeGreaterThan(1.01 * bitsPerByte);
        const [used] = (await told('inspect', folder)).blocks;
        expect(used).toMatchObject({ block, kind: 'peer', items });
        expect(used.coverage).toBeGreaterThan(coverage);
        expect(used.unevenness).toBeLessThan(used.mostUneven / 2);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    3_600_000,
  );
});
