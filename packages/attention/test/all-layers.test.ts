import { describeLayers } from '@neverend/backend/testing';
import * as register from '../src/register.ts';

const inputs = [[6, 8]];
const heads = { heads: 2 };

describeLayers(register, {
  neverendAttentionPooling: { args: { ...heads, mlpWidth: 5 }, inputs },
  neverendCachedAttention: { args: heads, inputs },
  neverendClassToken: { inputs },
  neverendCrossAttention: { args: heads, inputs: [...inputs, [3, 4]] },
  neverendEncoder: { args: { ...heads, mlpWidth: 5, depth: 2 }, inputs },
  neverendEncoderBlock: { args: { ...heads, mlpWidth: 5 }, inputs },
  neverendLearnedPositions: { inputs },
  neverendMlp: { args: { mlpWidth: 5 }, inputs },
  neverendRotaryPositions: { inputs: [[6, 2, 4]] },
  neverendScaledDotProductAttention: {
    inputs: [
      [3, 2, 4],
      [5, 2, 4],
      [5, 2, 6],
    ],
  },
  neverendSincosPositions: { args: { grid: [2, 3] }, inputs },
  neverendSpaceAttention: { args: heads, inputs },
  neverendTokenPooling: { inputs },
});
