import { checkedSize, checkNumber, checkOptions, described } from '@neverend/backend';
import type { ClipSource } from './clip-source.ts';
import { type TrainSettings, trainDefaults } from './train-defaults.ts';

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
  if (!(typeof clipNorm === 'number' && clipNorm > 0)) {
    throw new RangeError(`clipNorm was ${described(clipNorm)}; it must be above 0`);
  }
  if (
    averageDecay !== 'none' &&
    !(typeof averageDecay === 'number' && averageDecay >= 0 && averageDecay < 1)
  ) {
    throw new RangeError(`averageDecay was ${described(averageDecay)}; it must be in [0, 1)`);
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
