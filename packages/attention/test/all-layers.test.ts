import { describeLayers } from '@neverend/backend/testing';
import * as register from '../src/register.ts';

const inputs = [[6, 8]];
// A mask of keys.
const masked = { inputs, optionalInputs: [[6]] };
const heads = { heads: 2 };

describeLayers(register, {
  neverendAttentionPooling: { args: { ...heads, mlpWidth: 5 }, ...masked },
  neverendCachedAttention: { args: heads, ...masked },
  neverendClassToken: { inputs },
  neverendCrossAttention: { args: heads, inputs: [...inputs, [3, 4]], optionalInputs: [[3]] },
  neverendEncoder: { args: { ...heads, mlpWidth: 5, depth: 2 }, ...masked },
  neverendEncoderBlock: { args: { ...heads, mlpWidth: 5 }, ...masked },
  neverendLearnedPositions: { inputs },
  neverendMlp: { args: { mlpWidth: 5 }, inputs },
  neverendRotaryPositions: { inputs: [[6, 2, 4]] },
  neverendScaledDotProductAttention: {
    inputs: [
      [3, 2, 4],
      [5, 2, 4],
      [5, 2, 6],
    ],
    optionalInputs: [[5]],
  },
  neverendSincosPositions: { args: { grid: [2, 3] }, inputs },
  neverendSpaceAttention: { args: heads, ...masked },
  neverendTokenPooling: { inputs },
});
