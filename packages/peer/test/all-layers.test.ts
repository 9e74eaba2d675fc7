import { describeLayers } from '@neverend/backend/testing';
import * as register from '../src/register.ts';

describeLayers(register, {
  neverendPeer: { args: { heads: 2, k: 3, sizes: [4, 4], keyWidth: 6 }, inputs: [[4, 6]] },
});
