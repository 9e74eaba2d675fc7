import type { Evaluation } from './evaluate-classifier.ts';

/** An evaluation, and the step that it came after. */
export interface StepEvaluation extends Evaluation {
  readonly step: number;
}

/** Where a training stands: what `checkpoint.json` says. */
export interface TrainingState {
  /** Number of steps that are done. */
  readonly step: number;
  /** How much of `metrics.jsonl` was written then. */
  readonly metricsBytes: number;
  readonly evaluation?: StepEvaluation;
}
