import { describeLayers } from '@neverend/backend/testing';
import * as register from '../src/register.ts';

const inputs = [[4, 6]];

describeLayers(register, {
  neverendLinearScan: { inputs: [...inputs, ...inputs] },
  neverendLru: { inputs },
  neverendRecurrentBlock: { args: { heads: 2 }, inputs },
  neverendRgLru: { args: { heads: 2 }, inputs },
  neverendTemporalConv: { inputs },
});
