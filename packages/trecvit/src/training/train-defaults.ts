/** What a training is a function of, beside its model and data. Defaults are the paper's (arXiv 2412.14294, appendix B, table 9) where it tells. */
export interface TrainSettings {
  /** Of the order of the videos and of what is drawn for clips. Default: 0. */
  readonly seed?: number;
  /** How often each video comes. Default: 30. */
  readonly epochs?: number;
  /** The number of steps, in the place of `epochs`. */
  readonly steps?: number;
  /** Clips of a step. Default: 8; the paper does not tell. */
  readonly batchSize?: number;
  /** In how many parts, one after the other, a step's clips are computed, in less memory. Default: 1. */
  readonly accumulate?: number;
  /** The learning rate at the end of the warm-up; after it half a cosine to 0. Default: 1e-4. */
  readonly learningRate?: number;
  /** Steps of linear warm-up. Default: 1000, but no more than a tenth of all; the paper has it for its read-outs. */
  readonly warmupSteps?: number;
  /** Decoupled decay, of what `decays` names. Default: 0.03. */
  readonly weightDecay?: number;
  /** The share of a target that all classes get alike. Default: 0.1. */
  readonly labelSmoothing?: number;
  /** The largest norm of all gradients together. Default: 1; the paper does not tell. */
  readonly clipNorm?: number;
  /** The decay of a moving average of the parameters, which is evaluated and returned in their place. Default: none is kept. */
  readonly averageDecay?: number;
  /**
   * A clip is scaled so that the window that the model sees has its size / 0.875 as shorter side (224 of 256 pixels), times a
   * factor between these two; the window lies anywhere. `none`: the window is in the middle and as large as fits. Default: [0.875, 1.33].
   */
  readonly scaleJitter?: readonly [least: number, most: number] | 'none';
  /**
   * Whether half of the clips are mirrored, left to right: pairs of classes that a mirror swaps, such as `[['left', 'right']]`; all
   * others stay what they are. An empty list where no class is swapped. Default: `none`, as the meaning of a gesture, text or
   * a turn may hang on its side, which only who knows the labels can tell.
   */
  readonly flips?: readonly (readonly [string, string])[] | 'none';
  /** Parameters whose names begin with one of these are not trained, such as `tokenizer/` and `encoder/`. Default: none. */
  readonly frozen?: readonly string[];
  /** After how many steps the validation videos are evaluated. Default: an epoch's; also after the last step. */
  readonly evaluateEvery?: number;
  /** Clips of a video in an evaluation, spread evenly over it. Default: 4. */
  readonly clips?: number;
  /** Crops of each clip in an evaluation, spread evenly over its longer side. Default: 3. */
  readonly crops?: number;
}

/** The settings that depend neither on others nor on the data. A command line shows them before anything is loaded. */
export const trainDefaults: Required<
  Omit<TrainSettings, 'steps' | 'warmupSteps' | 'averageDecay' | 'evaluateEvery'>
> & { readonly averageDecay: 'none' } = {
  seed: 0,
  epochs: 30,
  batchSize: 8,
  accumulate: 1,
  learningRate: 1e-4,
  weightDecay: 0.03,
  labelSmoothing: 0.1,
  clipNorm: 1,
  averageDecay: 'none',
  scaleJitter: [0.875, 1.33],
  flips: 'none',
  frozen: [],
  clips: 4,
  crops: 3,
};
