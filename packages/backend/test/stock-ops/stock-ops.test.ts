// In a process of its own: it computes with every kernel that there is.
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeBackends, webgpuIfLong } from '../../src/testing/index.ts';
import { judgeCase } from './judge-case.ts';
import { notSwept } from './not-swept.ts';
import { failuresOf, readAccount, titleOf } from './op-account.ts';
import { opSweepCases } from './op-sweep-case.ts';
import { withTable } from './op-table.ts';

const cases = opSweepCases();
const ops = [...new Set(cases.map(({ op }) => op))];
const account = readAccount();

await describeBackends(
  'operations of TensorFlow.js',
  (backend) => {
    it.each(ops)('%s', async (op) => {
      const found: Record<string, string> = {};
      const known: string[] = [];
      for (const sweepCase of cases.filter((of) => of.op === op)) {
        const title = titleOf(sweepCase);
        for (const [place, how] of failuresOf(await judgeCase(sweepCase), backend)) {
          found[`${title}, ${place}`] = how;
        }
        const places = Object.keys(account.mended[title] ?? {});
        known.push(
          ...places
            .filter((place) => place.endsWith(` ${backend}`))
            .map((place) => `${title}, ${place}`),
        );
      }
      const unknown = Object.entries(found).filter(([place]) => !known.includes(place));
      expect(unknown, 'fails, and MENDS.md does not say so').toEqual([]);
      const gone = known.filter((place) => !(place in found));
      expect(gone, 'MENDS.md says that it fails').toEqual([]);
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('the account of operations', () => {
  it('has every function of TensorFlow.js that computes', () => {
    const spaces = [
      'image',
      'linalg',
      'losses',
      'math',
      'signal',
      'sparse',
      'spectral',
      'string',
      'fused',
    ];
    const core = tf as unknown as Record<string, Record<string, unknown>>;
    const names = [
      ...Object.keys(tf).filter((name) => typeof core[name] === 'function' && /^[a-z]/.test(name)),
      ...spaces.flatMap((space) =>
        Object.keys(core[space] ?? {}).map((name) => `${space}.${name}`),
      ),
    ];
    const missing = names.filter((name) => !ops.includes(name) && !(name in notSwept));
    expect(missing).toEqual([]);
    expect(
      Object.keys(notSwept).filter((name) => !names.includes(name) || ops.includes(name)),
    ).toEqual([]);
  });

  it('is the table of MENDS.md', () => {
    const mends = readFileSync(new URL('../../MENDS.md', import.meta.url), 'utf8');
    expect(withTable(mends, account, cases)).toBe(mends);
  });
});
