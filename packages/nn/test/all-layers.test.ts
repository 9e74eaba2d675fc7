import { describeLayers } from '@neverend/backend/testing';
import * as register from '../src/register.ts';

const inputs = [[4, 6]];

describeLayers(register, {
  neverendLayerNorm: { inputs },
  neverendLinear: { args: { units: 5 }, inputs },
  neverendRmsNorm: { inputs },
});
