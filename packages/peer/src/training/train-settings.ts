import { checkedSize, checkNumber, checkOptions, described } from '@neverend/backend';
import { type TrainSettings, trainDefaults } from './train-defaults.ts';

/** Settings with nothing left open. */
export type ResolvedSettings = Required<TrainSettings>;

const choices = {
  tableOptimizer: ['lazyAdam', 'adagrad', 'rowAdagrad'],
  tableSchedule: ['fixed', 'cosine'],
} as const;

/** @throws RangeError | ShapeError | TypeError naming a setting that is not right. */
export function resolveSettings(settings: TrainSettings): ResolvedSettings {
  const names = [...Object.keys(trainDefaults), 'warmupSteps', 'evaluateEvery'];
  checkOptions('settings', settings, names as (keyof TrainSettings)[]);
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const { steps = trainDefaults.steps } = settings;
  checkedSize('steps', steps);
  const resolved: ResolvedSettings = {
    ...trainDefaults,
    warmupSteps: Math.min(100, Math.floor(steps / 10)),
    evaluateEvery: Math.ceil(steps / 10),
    ...(Object.fromEntries(given) as TrainSettings),
  };
  check(resolved);
  return resolved;
}

function check(settings: ResolvedSettings): void {
  const { seed, batchSize, accumulate, warmupSteps, steps, beta2 } = settings;
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`seed was ${described(seed)}; it must be an integer`);
  }
  for (const name of ['batchSize', 'accumulate', 'evaluateEvery', 'evaluateWindows'] as const) {
    checkedSize(name, settings[name]);
  }
  checkedSize('warmupSteps', warmupSteps, 0);
  for (const name of ['learningRate', 'weightDecay', 'tableLearningRate'] as const) {
    checkNumber(name, settings[name], 0);
  }
  for (const name of ['clipNorm', 'tableClipNorm'] as const) {
    const norm = settings[name];
    if (!(typeof norm === 'number' && norm > 0)) {
      throw new RangeError(`${name} was ${described(norm)}; it must be above 0`);
    }
  }
  if (!(typeof beta2 === 'number' && beta2 >= 0 && beta2 < 1)) {
    throw new RangeError(`beta2 was ${described(beta2)}; it must be in [0, 1)`);
  }
  if (batchSize % accumulate !== 0) {
    throw new RangeError(
      `accumulate was ${accumulate}; it must divide batchSize, which is ${batchSize}`,
    );
  }
  if (warmupSteps >= steps) {
    throw new RangeError(`warmupSteps was ${warmupSteps}; it must be below the ${steps} steps`);
  }
  for (const [name, allowed] of Object.entries(choices)) {
    const value = settings[name as keyof typeof choices];
    if ((allowed as readonly string[]).includes(value)) continue;
    throw new RangeError(
      `${name} was ${JSON.stringify(value)}; it must be one of ${allowed.join(', ')}`,
    );
  }
}
