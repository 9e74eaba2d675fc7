import { attentionOverTime } from './attention-over-time.ts';
import { convolutionOverTime } from './convolution-over-time.ts';
import { lruOverTime } from './lru-over-time.ts';
import { lstmOverTime } from './lstm-over-time.ts';
import type { TimeMixer } from './time-mixer.ts';

/**
 * The arms. Each block has an inner width of its own, so that all have the same number of parameters but for a twentieth: the recurrent
 * unit's, twice the tokens' width, sets it.
 */
export const timeMixers = {
  lru: lruOverTime,
  attention: attentionOverTime,
  lstm: lstmOverTime,
  convolution: convolutionOverTime,
} as const satisfies Record<string, TimeMixer>;

export type ArmName = keyof typeof timeMixers;

export const armNames: readonly ArmName[] = ['lru', 'attention', 'lstm', 'convolution'];
