import {
  flagOf,
  integer,
  notNegative,
  notNegativeInteger,
  positiveInteger,
  positiveNumber,
  type Settings,
  settingOptions,
  settingsAmong,
} from '@neverend/command-line';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { type TrainSettings, trainDefaults } from '../training/train-defaults.ts';

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
      throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
    }
    return found;
  };

/** Every setting of a training as a flag. */
const settings: Settings<TrainSettings> = {
  seed: { value: 'integer', text: 'seed of the new model and of its windows', parse: integer },
  steps: { value: 'n', text: 'number of steps', parse: positiveInteger },
  batchSize: { value: 'n', text: 'windows in a step', parse: positiveInteger },
  accumulate: {
    value: 'n',
    text: "compute a step's windows in so many parts, which takes less memory",
    parse: positiveInteger,
  },
  learningRate: {
    value: 'rate',
    text: 'the peak, at the end of the warm-up; then half a cosine to 0',
    parse: notNegative,
  },
  warmupSteps: {
    value: 'n',
    text: 'steps of linear warm-up',
    parse: notNegativeInteger,
    otherwise: '100, but at most a tenth of all',
  },
  weightDecay: {
    value: 'rate',
    text: 'decoupled weight decay of kernels and the embedding',
    parse: notNegative,
  },
  beta2: { value: 'decay', text: "of AdamW's squared gradients", parse: notNegative },
  clipNorm: {
    value: 'norm',
    text: 'gradients of all but tables are scaled down to this norm together',
    parse: positiveNumber,
  },
  tableOptimizer: {
    value: 'name',
    text: 'how rows of tables are moved: lazyAdam, adagrad or rowAdagrad',
    parse: oneOf('lazyAdam', 'adagrad', 'rowAdagrad'),
  },
  tableLearningRate: { value: 'rate', text: 'of tables', parse: notNegative },
  tableSchedule: {
    value: 'name',
    text: 'fixed, or cosine: as the other rate',
    parse: oneOf('fixed', 'cosine'),
  },
  tableClipNorm: {
    value: 'norm',
    text: 'gradients of tables are scaled down to this norm together',
    parse: positiveNumber,
  },
  evaluateEvery: {
    value: 'steps',
    text: 'steps between evaluations of the text that is held out',
    parse: positiveInteger,
    otherwise: 'a tenth of all',
  },
  evaluateWindows: {
    value: 'n',
    text: 'windows of each of these but the last, which has all',
    parse: positiveInteger,
  },
};

const settingNames: readonly string[] = Object.keys(settings);

/** Those of tables. */
export const tableSettings: readonly string[] = settingNames.filter((name) =>
  name.startsWith('table'),
);

/** A flag for each setting, with its default. */
export const trainOptions = (): Option[] => settingOptions(settings, trainDefaults);

/** The settings among flags. */
export const settingsOf = (flags: object): TrainSettings => settingsAmong(settings, flags);

/** Checks what flags say together: what is wrong ends with 2, and is named by its flag. */
export function checkUsage<T>(command: Command, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return command.error(`error: ${nameFlags(error.message)}`);
  }
}

/** Does work whose errors name options as the API has them, and lets them name the flags. */
export async function namingFlags<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) error.message = nameFlags(error.message);
    throw error;
  }
}

/** Flags of what a block has, by the names in its configuration; `hidden` is of two. */
const blockFlags: Readonly<Record<string, string>> = {
  ...{ kind: '--blocks', experts: '--experts', topK: '--top-k', hidden: 'hidden' },
  ...{ 'sizes.0': '--keys', heads: '--key-heads', k: '--picks', keyWidth: '--key-width' },
  norm: '--query-norm',
};

const inWords = settingNames.filter((name) => name !== name.toLowerCase());

function nameFlags(message: string): string {
  return (
    message
      .replaceAll(/\bsettings\.(\w+)/g, (_, name) => flagOf(name))
      .replaceAll(/\bconfig\.(width|heads|context|vocabulary)\b/g, (_, name) => flagOf(name))
      // Both sets have as many keys.
      .replaceAll(/; config\.blocks\.\d+\.sizes\.1: \d+ became \d+/g, '')
      .replaceAll(
        /\bconfig\.blocks\.(\d+)\.(\w+(?:\.0)?)/g,
        (_, block, name) => `${blockFlags[name] ?? name} of block ${block}`,
      )
      .replaceAll(/\bconfig\.(?=blocks)/g, '')
      .replaceAll(new RegExp(`(?<![\\w./-])(?:${inWords.join('|')})(?!\\w)`, 'g'), flagOf)
      .replace(/^(\w+)(?= (?:was|were) )/, (name) =>
        settingNames.includes(name) ? flagOf(name) : name,
      )
      .replace(
        /^(?:Invalid typed array length: \d+|Array buffer allocation failed)$/,
        (reason) =>
          `there is no room in memory (${reason}); give fewer --keys, a smaller --width, or --table-optimizer rowAdagrad`,
      )
  );
}
