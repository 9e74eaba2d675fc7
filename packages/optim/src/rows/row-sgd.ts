import { checkOptions } from '@neverend/backend';
import { rowSGDStep } from '../row-steps/index.ts';
import type { RowSGDNumber } from '../row-steps/types.ts';
import type { StepAttrs } from '../steps/types.ts';
import {
  RowOptimizer,
  type RowOptimizerSettings,
  type RowUpdate,
  rowOptimizerSettings,
} from './row-optimizer.ts';

/** Stochastic gradient descent on the touched rows, without momentum and without state. */
export class RowSGD extends RowOptimizer<never, RowSGDNumber> {
  /** @throws RangeError for a setting that is negative or not finite. */
  constructor(settings: RowOptimizerSettings) {
    checkOptions('RowSGD', settings, rowOptimizerSettings);
    super(rowSGDStep, {}, settings);
  }

  /** @hidden */
  protected override numbers({ decay, learningRate }: RowUpdate): StepAttrs<RowSGDNumber> {
    return { decay, stepSize: learningRate };
  }
}
