import { describeLayers } from '@neverend/backend/testing';
import * as register from '../src/register.ts';

const inputs = [[4, 6]];

describeLayers(register, {
  neverendLinearScan: { inputs: [...inputs, ...inputs], optionalInputs: [[6]] },
  neverendLru: { inputs, optionalInputs: [[6], [6]] },
  neverendRecurrentBlock: { args: { heads: 2 }, inputs, optionalInputs: [[6], [3, 6]] },
  neverendRgLru: { args: { heads: 2 }, inputs, optionalInputs: [[6]] },
  neverendTemporalConv: { inputs, optionalInputs: [[3, 6]] },
});
