import { oneOf } from '@neverend/nn/layers';
import type { MlpGelu } from '../mlp/index.ts';

/** What the argument `gelu` of a layer may be. */
export const geluForm: (name: string, value: MlpGelu) => void = oneOf('tanh', 'erf', 'quick');
