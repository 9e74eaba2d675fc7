import { describeBackends, readGolden } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { rgLru } from '../../src/index.ts';
import { caseNames, expectLikeOfficial, officialTolerance } from '../official.ts';

const golden = readGolden(new URL('../golden/rg-lru.json', import.meta.url));
const names = caseNames(golden).filter((name) => name.startsWith('real'));

await describeBackends('the real-gated linear recurrent unit of the official code', (backend) => {
  it.each(names)('%s: outputs and gradients', async (name) => {
    // There 1 - a² loses all its digits in float32, and exp differs in the last one.
    const tolerance = name === 'real-clip' ? 5e-4 : officialTolerance(backend);
    await expectLikeOfficial(golden, name, rgLru, tolerance);
  });
});

describe('the golden file', () => {
  it('has first frames, restarts with a state, single steps and eigenvalues next to 1', () => {
    expect(names.sort()).toEqual(['real', 'real-clip', 'real-state', 'real-step']);
  });
});
