import { describeBackends, readGolden } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { recurrentBlock, residualBlock } from '../../src/index.ts';
import { caseNames, expectLikeOfficial, officialTolerance } from '../official.ts';

const golden = readGolden(new URL('../golden/griffin-blocks.json', import.meta.url));
const names = caseNames(golden);

await describeBackends('the blocks of the official code', (backend) => {
  it.each(names)('%s: outputs and gradients', async (name) => {
    const block = name.startsWith('recurrent') ? recurrentBlock : residualBlock;
    await expectLikeOfficial(golden, name, block, officialTolerance(backend));
  });
});

describe('the golden file', () => {
  it('has every block as a whole and as a step', () => {
    const blocks = ['recurrent', 'residual', 'residual-mlp'];
    expect(names.sort()).toEqual(blocks.flatMap((block) => [block, `${block}-step`]).sort());
  });
});
