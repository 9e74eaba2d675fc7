import { checkMlpGelu, type MlpGelu } from '../mlp/index.ts';

/** What the argument `gelu` of a layer may be. */
export const geluForm = (name: string, value: MlpGelu): void => checkMlpGelu(value, name);
