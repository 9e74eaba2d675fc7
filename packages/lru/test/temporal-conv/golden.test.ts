import { describeBackends, readGolden } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { temporalConv } from '../../src/index.ts';
import { caseNames, expectLikeOfficial, officialTolerance } from '../official.ts';

const golden = readGolden(new URL('../golden/temporal-conv.json', import.meta.url));
const names = caseNames(golden);

await describeBackends('the temporal convolution of the official code', (backend) => {
  it.each(names)('%s: outputs and gradients', async (name) => {
    await expectLikeOfficial(golden, name, temporalConv, officialTolerance(backend));
  });
});

describe('the golden file', () => {
  it('has whole clips, restarts, a clip shorter than the taps and a step from a state', () => {
    expect(names.sort()).toEqual(['restarts', 'short', 'step', 'whole']);
  });
});
