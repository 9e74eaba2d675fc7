import { checkOptions, described } from '@neverend/backend';
import { checkNotNegative } from './checks.ts';

/** What `warmupCosine` takes; rates in the optimiser's units, lengths in steps. */
export interface WarmupCosineOptions {
  /** Rate at the end of the warm-up. */
  readonly peak: number;
  /** Length of the linear warm-up; 0 begins at the peak. */
  readonly warmupSteps: number;
  /** Length of the whole schedule. */
  readonly totalSteps: number;
  /** Rate at `totalSteps` and ever after. */
  readonly final?: number;
}

/**
 * Learning rate by step: linear from 0 at step 0 to `peak` at `warmupSteps`, then half a cosine to `final`
 * at `totalSteps` (Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts).
 *
 * @returns a function of the step, a number >= 0.
 * @throws RangeError when `0 <= warmupSteps < totalSteps` does not hold or a rate is negative or not finite.
 * @throws TypeError for an unknown option.
 */
export function warmupCosine(options: WarmupCosineOptions): (step: number) => number {
  checkOptions('warmupCosine', options, ['peak', 'warmupSteps', 'totalSteps', 'final']);
  const { peak, warmupSteps, totalSteps, final = 0 } = options;
  checkNotNegative({ peak, final });
  const areNumbers = Number.isFinite(warmupSteps) && Number.isFinite(totalSteps);
  if (!(areNumbers && warmupSteps >= 0 && warmupSteps < totalSteps)) {
    throw new RangeError(
      `warmupSteps was ${described(warmupSteps)} and totalSteps ${described(totalSteps)}; ` +
        'warmupSteps must be >= 0 and below totalSteps',
    );
  }
  return (step) => {
    if (!(typeof step === 'number' && step >= 0)) {
      throw new RangeError(`step was ${described(step)}; it must be >= 0`);
    }
    if (step < warmupSteps) return (peak * step) / warmupSteps;
    if (step >= totalSteps) return final;
    const progress = (step - warmupSteps) / (totalSteps - warmupSteps);
    return final + 0.5 * (peak - final) * (1 + Math.cos(Math.PI * progress));
  };
}
