import { checkedSize, checkNumber, checkOptions } from '@neverend/backend';
import type { ClipSource } from './clip-source.ts';
import { trainDefaults } from './train-defaults.ts';

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

/** Settings with nothing left open. */
export type ResolvedSettings = Required<
  Omit<TrainSettings, 'epochs' | 'steps' | 'averageDecay'>
> & {
  readonly steps: number;
  readonly averageDecay: number | 'none';
};

const fields: readonly (keyof TrainSettings)[] = [
  ...(['seed', 'epochs', 'steps', 'batchSize', 'accumulate', 'learningRate'] as const),
  ...(['warmupSteps', 'weightDecay', 'labelSmoothing', 'clipNorm', 'averageDecay'] as const),
  ...(['scaleJitter', 'flips', 'frozen', 'evaluateEvery', 'clips', 'crops'] as const),
];

/** @throws RangeError | ShapeError | TypeError naming a setting that is not right. */
export function resolveSettings(
  settings: TrainSettings,
  source: Pick<ClipSource, 'classNames' | 'labels'>,
): ResolvedSettings {
  checkOptions('settings', settings, fields);
  const { epochs, batchSize = trainDefaults.batchSize } = settings;
  if (epochs !== undefined && settings.steps !== undefined) {
    throw new TypeError('epochs and steps were both given; a training has one of them');
  }
  if (epochs !== undefined) checkNumber('epochs', epochs, 0);
  checkedSize('batchSize', batchSize);
  const videos = source.labels.length;
  const steps =
    settings.steps ??
    Math.max(1, Math.ceil(((epochs ?? trainDefaults.epochs) * videos) / batchSize));
  checkedSize('steps', steps);
  const resolved: ResolvedSettings = {
    ...withoutUndefined(trainDefaults),
    warmupSteps: Math.min(1000, Math.floor(steps / 10)),
    evaluateEvery: Math.ceil(videos / batchSize),
    ...withoutUndefined(settings),
    steps,
  };
  checkResolved(resolved);
  checkFlips(resolved.flips, source.classNames);
  return resolved;
}

function checkResolved(settings: ResolvedSettings): void {
  const { batchSize, accumulate, labelSmoothing, averageDecay, scaleJitter } = settings;
  const { seed, learningRate, warmupSteps, weightDecay, clipNorm, steps } = settings;
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed was ${seed}; it must be an integer`);
  for (const [name, value] of Object.entries({ learningRate, weightDecay, labelSmoothing })) {
    checkNumber(name, value, 0);
  }
  checkedSize('warmupSteps', warmupSteps, 0);
  for (const name of ['accumulate', 'evaluateEvery', 'clips', 'crops'] as const) {
    checkedSize(name, settings[name]);
  }
  if (batchSize % accumulate !== 0) {
    throw new RangeError(
      `accumulate was ${accumulate}; it must divide batchSize, which is ${batchSize}`,
    );
  }
  if (warmupSteps >= steps) {
    throw new RangeError(`warmupSteps was ${warmupSteps}; it must be below the ${steps} steps`);
  }
  if (labelSmoothing >= 1) {
    throw new RangeError(`labelSmoothing was ${labelSmoothing}; it must be below 1`);
  }
  if (!(clipNorm > 0)) throw new RangeError(`clipNorm was ${clipNorm}; it must be above 0`);
  if (averageDecay !== 'none' && !(averageDecay >= 0 && averageDecay < 1)) {
    throw new RangeError(`averageDecay was ${averageDecay}; it must be in [0, 1)`);
  }
  if (scaleJitter === 'none') return;
  const [least, most] = scaleJitter;
  if (!(least > 0 && least <= most && Number.isFinite(most))) {
    throw new RangeError(
      `scaleJitter was [${scaleJitter.join(', ')}]; it must be two numbers above 0, the smaller first`,
    );
  }
}

/** Without the keys that are there but have no value. */
function withoutUndefined<T extends { readonly epochs?: number }>(settings: T): Omit<T, 'epochs'> {
  const { epochs: _, ...rest } = settings;
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as Omit<T, 'epochs'>;
}

function checkFlips(flips: ResolvedSettings['flips'], classNames: readonly string[]): void {
  if (flips === 'none') return;
  const names = flips.flat();
  const unknown = names.find((name) => !classNames.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `flips had the class ${JSON.stringify(unknown)}; the classes are ${classNames.join(', ')}`,
    );
  }
  if (new Set(names).size !== names.length) {
    throw new RangeError('flips had a class twice; each is swapped with one other');
  }
}

/** What a mirror makes of each class. */
export function mirroredLabels(
  flips: readonly (readonly [string, string])[],
  classNames: readonly string[],
): number[] {
  const swapped = new Map(flips.flatMap(([a, b]) => [[a, b] as const, [b, a] as const]));
  return classNames.map((name) => classNames.indexOf(swapped.get(name) ?? name));
}
