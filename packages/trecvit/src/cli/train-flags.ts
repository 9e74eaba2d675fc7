import { type Settings, settingOptions, settingsAmong } from '@neverend/command-line';
import { InvalidArgumentError, type Option } from 'commander';
import { type TrainSettings, trainDefaults } from '../training/train-defaults.ts';
import {
  integer,
  notNegative,
  notNegativeInteger,
  positiveInteger,
  positiveNumber,
} from './options.ts';

/** Every setting of a training as a flag. */
const settings: Settings<TrainSettings> = {
  seed: {
    value: 'integer',
    text: 'seed of the order of the videos and of the clips that are drawn from them',
    parse: integer,
  },
  epochs: { value: 'n', text: 'how often each video is seen', parse: positiveNumber },
  steps: {
    value: 'n',
    text: 'the number of steps, in place of epochs',
    parse: positiveInteger,
    otherwise: 'those of the epochs',
  },
  batchSize: { value: 'n', text: 'clips in a step', parse: positiveInteger },
  accumulate: {
    value: 'n',
    text: "compute a step's clips in so many parts, which takes less memory",
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
    otherwise: '1000, but at most a tenth of all',
  },
  weightDecay: { value: 'rate', text: 'decoupled weight decay of the kernels', parse: notNegative },
  labelSmoothing: {
    value: 'share',
    text: 'the share of the target that is spread evenly over all classes',
    parse: notNegative,
  },
  clipNorm: {
    value: 'norm',
    text: 'gradients are scaled down to this norm of all of them together',
    parse: positiveNumber,
  },
  averageDecay: {
    value: 'decay',
    text: 'keep a moving average of the parameters, and evaluate and save it in their place',
    parse: notNegative,
  },
  scaleJitter: {
    value: 'least,most',
    text: 'the range of the factor by which a clip is scaled before it is cropped, or none',
    parse: scaleJitter,
  },
  flips: {
    value: 'pairs',
    text: 'mirror half of the clips: pairs of classes that a mirror swaps, such as left:right,in:out, or any if it swaps none',
    parse: flips,
  },
  frozen: {
    value: 'prefixes',
    text: 'do not train parameters whose names begin with one of these, separated by commas',
    parse: (text) => text.split(','),
    otherwise: 'none',
  },
  evaluateEvery: {
    value: 'steps',
    text: 'steps between evaluations of the validation videos',
    parse: positiveInteger,
    otherwise: 'an epoch',
  },
  clips: { value: 'n', text: 'clips of each video in an evaluation', parse: positiveInteger },
  crops: { value: 'n', text: 'crops of each of these clips', parse: positiveInteger },
};

export const settingNames: readonly string[] = Object.keys(settings);

/** A flag for each setting, with its default. */
export function trainOptions(): Option[] {
  const options = settingOptions(settings, trainDefaults);
  options.find((option) => option.attributeName() === 'steps')?.conflicts('epochs');
  return options;
}

/** The settings among flags. */
export const settingsOf = (flags: object): TrainSettings => settingsAmong(settings, flags);

function scaleJitter(text: string): readonly [number, number] | 'none' {
  if (text === 'none') return 'none';
  const [least = Number.NaN, most = Number.NaN, ...rest] = text.split(',').map(Number);
  if (!(least > 0 && least <= most && Number.isFinite(most)) || rest.length > 0) {
    throw new InvalidArgumentError(
      'It must be none, or two numbers above 0, the smaller first, such as 0.875,1.33.',
    );
  }
  return [least, most];
}

function flips(text: string): readonly (readonly [string, string])[] | 'none' {
  if (text === 'none') return 'none';
  if (text === 'any') return [];
  return text.split(',').map((pair) => {
    const [a, b, ...rest] = pair.split(':').map((name) => name.trim());
    if (!a || !b || rest.length > 0) {
      throw new InvalidArgumentError('It must be none, any, or pairs such as left:right,in:out.');
    }
    return [a, b] as const;
  });
}
