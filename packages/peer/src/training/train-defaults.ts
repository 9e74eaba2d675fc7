/** What a training does. */
export interface TrainSettings {
  /** Of the windows that are drawn. Default: 0. */
  readonly seed?: number;
  /** Default: 1,000. */
  readonly steps?: number;
  /** Windows in a step, each of the model's context. Default: 8. */
  readonly batchSize?: number;
  /** A step's windows are computed in so many parts, which takes less memory. Default: 1. */
  readonly accumulate?: number;
  /** The peak, at the end of the warm-up; then half a cosine to 0. Default: 2e-3. */
  readonly learningRate?: number;
  /** Default: 100, but at most a tenth of all. */
  readonly warmupSteps?: number;
  /** Decoupled weight decay of kernels and the embedding. Default: 0.1. */
  readonly weightDecay?: number;
  /** Decay of the mean of the squared gradients in AdamW. Default: 0.95. */
  readonly beta2?: number;
  /** The gradients of all that is no table are scaled down to this norm together. Default: 1. */
  readonly clipNorm?: number;
  /** How the touched rows of tables are moved: `rowAdagrad` keeps one number a row, `adagrad` one an element, `lazyAdam` two. Default: `lazyAdam`. */
  readonly tableOptimizer?: TableOptimizer;
  /** Of tables. Default: 1e-3. */
  readonly tableLearningRate?: number;
  /** Whether that stays as it is, as in published trainings of memory layers, or goes the way of the other one. Default: `cosine`. */
  readonly tableSchedule?: 'fixed' | 'cosine';
  /** The gradients of all tables are scaled down to this norm together. Default: 1. */
  readonly tableClipNorm?: number;
  /** Steps between evaluations of the text that is held out. Default: a tenth of all. */
  readonly evaluateEvery?: number;
  /** Windows of each of these but the last, which has all. Default: 32. */
  readonly evaluateWindows?: number;
}

/** Optimisers of `@neverend/optim` that go by rows. */
export type TableOptimizer = 'lazyAdam' | 'adagrad' | 'rowAdagrad';

/** Defaults that depend on no other setting. A command line shows them before anything is loaded. */
export const trainDefaults: Required<Omit<TrainSettings, 'warmupSteps' | 'evaluateEvery'>> = {
  seed: 0,
  steps: 1000,
  batchSize: 8,
  accumulate: 1,
  learningRate: 2e-3,
  weightDecay: 0.1,
  beta2: 0.95,
  clipNorm: 1,
  tableOptimizer: 'lazyAdam',
  tableLearningRate: 1e-3,
  tableSchedule: 'cosine',
  tableClipNorm: 1,
  evaluateWindows: 32,
};
