import { checkOptions, FlopCounter } from '@neverend/backend';
import type { NamedArray } from '@neverend/checkpoint';
import { subtree, withPrefix } from '@neverend/nn';
import { check, checkPositiveIntegers } from '../check.ts';
import type {
  ComputeLedger,
  Dataset,
  Json,
  LearnerContext,
  Snapshot,
  TrainingEvent,
  TrialSummary,
} from '../types.ts';
import type { Backbone } from './backbone.ts';
import type { Arrays } from './parameters.ts';
import { type TrainingSettings, Trial } from './trial.ts';

/** A search over learning rates; each value is a full training, and all of them are paid for. */
export interface SearchSettings extends TrainingSettings {
  readonly learningRates: readonly number[];
  /** Steps between two validations on `dev`; there is one more at the end. */
  readonly validateEvery: number;
  /** Validations in a row without a smaller error after which a trial ends. */
  readonly patience: number;
  /** Steps between two checkpoints. */
  readonly checkpointEvery: number;
  /** Images per batch in validation and prediction. */
  readonly evaluationBatchSize: number;
}

const searchSettings: readonly (keyof SearchSettings)[] = [
  ...(['learningRates', 'steps', 'batchSize', 'warmupSteps', 'weightDecay', 'clipNorm'] as const),
  ...(['validateEvery', 'patience', 'checkpointEvery', 'evaluationBatchSize'] as const),
];

/** @throws RangeError naming the first setting that is outside of its range. @throws TypeError for an unknown one. */
export function checkSearch(search: SearchSettings): void {
  checkOptions('search', search, searchSettings);
  const { learningRates, warmupSteps, weightDecay, clipNorm } = search;
  const { steps, batchSize, validateEvery, patience, checkpointEvery, evaluationBatchSize } =
    search;
  const notNegative = (value: number) => Number.isFinite(value) && value >= 0;
  check(
    'search.learningRates',
    learningRates,
    Array.isArray(learningRates) && learningRates.length > 0 && learningRates.every(notNegative),
    'a list of at least one finite number >= 0',
  );
  checkPositiveIntegers({
    'search.steps': steps,
    'search.batchSize': batchSize,
    'search.validateEvery': validateEvery,
    'search.patience': patience,
    'search.checkpointEvery': checkpointEvery,
    'search.evaluationBatchSize': evaluationBatchSize,
  });
  const countOrNone = Number.isSafeInteger(warmupSteps) && warmupSteps >= 0;
  check('search.warmupSteps', warmupSteps, countOrNone, 'an integer >= 0');
  check('search.weightDecay', weightDecay, notNegative(weightDecay), 'a finite number >= 0');
  const aboveZero = notNegative(clipNorm) && clipNorm > 0;
  check('search.clipNorm', clipNorm, aboveZero, 'a finite number above 0');
}

export interface SearchResult {
  readonly trials: readonly TrialSummary[];
  readonly chosen: number;
  /** `backbone/...` and `head/...`: the best validation of the best trial. */
  readonly weights: Arrays;
  readonly flops: Pick<ComputeLedger, 'train' | 'validation'>;
  readonly parameters: number;
}

/** Where a search stands; what is large lies in the snapshot's tensors. */
interface Position {
  readonly trial: number;
  readonly step: number;
  readonly best: { readonly error: number; readonly step: number } | null;
  readonly stale: number;
  readonly trials: readonly TrialSummary[];
  readonly chosen: number;
  readonly train: string;
  readonly validation: string;
}

const beginning: Position = {
  trial: 0,
  step: 0,
  best: null,
  stale: 0,
  trials: [],
  chosen: -1,
  train: '0',
  validation: '0',
};

/**
 * Trains on one task once per learning rate and keeps the weights with the smallest error on `dev`; the
 * earlier validation and the earlier trial win ties. Goes on from `resume`, and then ends with the same
 * bytes as without the interruption.
 *
 * @param start backbone weights that every trial starts from.
 */
export async function searchTask(options: {
  readonly event: TrainingEvent;
  readonly backbone: Backbone;
  readonly settings: SearchSettings;
  readonly start: Arrays;
  readonly train: Dataset;
  readonly dev: Dataset;
  readonly context: LearnerContext;
  readonly resume: Snapshot | undefined;
  readonly label: string;
}): Promise<SearchResult> {
  const { event, backbone, settings, train, dev, context, label } = options;
  const { learningRates, steps } = settings;
  const from = (options.resume?.meta as Position | undefined) ?? beginning;
  const saved = options.resume?.tensors ?? {};
  const counters = { train: new FlopCounter(), validation: new FlopCounter() };
  const flops = () => ({
    train: BigInt(from.train) + counters.train.total,
    validation: BigInt(from.validation) + counters.validation.total,
  });

  const trials = [...from.trials];
  let chosen = from.chosen;
  let chosenWeights: Arrays = subtree(saved, 'chosen/');
  let parameters = 0;
  for (let index = from.trial; index < learningRates.length; index++) {
    const resumed = index === from.trial && from.step > 0;
    const trialOptions = {
      backbone,
      settings,
      learningRate: learningRates[index] ?? 0,
      train,
      seed: [context.seed, event.task.name, event.year],
    };
    const trial = resumed
      ? await Trial.resume(trialOptions, saved, from.step)
      : Trial.start(trialOptions, options.start);
    parameters = trial.parameters;
    let best = resumed ? from.best : null;
    let bestWeights: Arrays = resumed ? subtree(saved, 'best/') : {};
    let stale = resumed ? from.stale : 0;
    try {
      while (trial.step < steps && stale < settings.patience) {
        await counters.train.count(() => trial.advance());
        context.progress({
          phase: 'train',
          label,
          done: index * steps + trial.step,
          total: learningRates.length * steps,
        });
        // Lets signals and timers in: a step on the CPU does not wait for anything by itself.
        await new Promise((resolve) => setImmediate(resolve));
        if (trial.step % settings.validateEvery === 0 || trial.step === steps) {
          const error = await counters.validation.count(() =>
            trial.error(dev, settings.evaluationBatchSize),
          );
          context.progress({ phase: 'validate', label, done: trial.step, total: steps });
          if (best === null || error < best.error) {
            best = { error, step: trial.step };
            bestWeights = await trial.weights();
            stale = 0;
          } else stale++;
        }
        if (trial.step % settings.checkpointEvery === 0 && trial.step < steps) {
          const { train, validation } = flops();
          const position: Position = {
            trial: index,
            step: trial.step,
            best,
            stale,
            trials: [...trials],
            chosen,
            train: String(train),
            validation: String(validation),
          };
          await context.checkpoint({
            meta: position as unknown as { readonly [key: string]: Json },
            tensors: {
              ...(await trial.save()),
              ...withPrefix(bestWeights, 'best/'),
              ...withPrefix(chosenWeights, 'chosen/'),
            } satisfies Record<string, NamedArray>,
          });
        }
      }
      const summary = {
        learningRate: learningRates[index] ?? 0,
        devError: best?.error ?? 1,
        bestStep: best?.step ?? trial.step,
        steps: trial.step,
      };
      trials.push(summary);
      if (chosen < 0 || summary.devError < (trials[chosen]?.devError ?? 1)) {
        chosen = index;
        chosenWeights = bestWeights;
      }
    } finally {
      trial.dispose();
    }
  }
  return { trials, chosen, weights: chosenWeights, flops: flops(), parameters };
}
