import {
  integer,
  notNegative,
  notNegativeInteger,
  positiveInteger,
  positiveNumber,
} from '@neverend/command-line';
import { InvalidArgumentError, Option } from 'commander';
import { type TrainSettings, trainDefaults } from '../training/train-defaults.ts';

interface Setting<T> {
  /** What stands for the value in the help. */
  readonly value: string;
  readonly text: string;
  readonly parse: (text: string) => T;
  /** The default in words, where it is no entry of `trainDefaults`. */
  readonly otherwise?: string;
}

const oneOf =
  <T extends string>(...choices: readonly T[]) =>
  (text: string): T => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) {
      throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
    }
    return found;
  };

/** Every setting of a training as a flag: a new one is refused by the compiler until it is here. */
const settings: { readonly [Name in keyof TrainSettings]-?: Setting<TrainSettings[Name]> } = {
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
export function settingOptions(): Option[] {
  return Object.entries(settings).map(([name, { value, text, parse, otherwise }]) => {
    const standard = otherwise ?? String(trainDefaults[name as keyof typeof trainDefaults]);
    const option = new Option(`${flagOf(name)} <${value}>`, `${text} (default: ${standard})`);
    return option.argParser(parse as (text: string) => unknown);
  });
}

/** The settings among flags. */
export function settingsOf(flags: Readonly<Record<string, unknown>>): TrainSettings {
  const given = settingNames.filter((name) => flags[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, flags[name]]));
}

/** `--batch-size` for `batchSize`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Does work whose errors name options as the API has them, and lets them name the flags. */
export async function namingFlags<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) {
      error.message = error.message
        .replaceAll(/\bsettings\.(\w+)/g, (_, name) => flagOf(name))
        .replaceAll(/\bconfig\.(width|heads|context|vocabulary)\b/g, (_, name) => flagOf(name))
        .replaceAll(/\bconfig\.(?=blocks)/g, '')
        .replace(/^(\w+)(?= (?:was|were) )/, (name) =>
          settingNames.includes(name) ? flagOf(name) : name,
        );
    }
    throw error;
  }
}
