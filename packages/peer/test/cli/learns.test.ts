import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { expect, it } from 'vitest';
import { peer } from './peer.ts';

// In a process of its own: it trains for minutes.

/** The preset `small`, with 64² experts in a smaller model. */
const sizes = [
  ...['--preset', 'small', '--width', '128', '--context', '128', '--blocks', 'dense,peer,dense'],
  ...['--keys', '64', '--steps', '300', '--evaluate-every', '300'],
  ...['--table-learning-rate', '1e-2', '--held-out-share', '0.01'],
];

it.runIf(process.env['NEVEREND_LONG'])(
  'learns speeches better than gzip and counts of three bytes know them, with its experts',
  async () => {
    await useBackend('wasm');
    const folder = await mkdtemp(join(tmpdir(), 'peer-learns-'));
    const told = async (command: string, ...args: string[]) => {
      const all = [command, ...args, '--backend', 'wasm', '--json', '--quiet'];
      const { code, stdout } = await peer(...all);
      expect(code).toBe(0);
      return JSON.parse(stdout);
    };
    try {
      await told('train', ...sizes, '--out', folder);
      const { bitsPerByte, without, baselines } = await told('eval', folder);
      expect(bitsPerByte).toBeLessThan(baselines.threeBytes);
      expect(bitsPerByte).toBeLessThan(baselines.gzip);
      expect(without[1].bitsPerByte).toBeGreaterThan(1.01 * bitsPerByte);
      const [block] = (await told('inspect', folder)).blocks;
      expect(block).toMatchObject({ block: 1, kind: 'peer', items: 4096 });
      expect(block.coverage).toBeGreaterThan(0.3);
      expect(block.unevenness).toBeLessThan(block.mostUneven / 2);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  3_600_000,
);
