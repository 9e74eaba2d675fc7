import { oneOf } from '@neverend/nn/layers';

/** What the argument `gelu` of a layer may be. */
export const geluForm: (name: string, value: 'tanh' | 'erf') => void = oneOf('tanh', 'erf');
