import { expect, it } from 'vitest';
import {
  AdamW,
  LazyAdam,
  Lion,
  RowAdagrad,
  RowMovingAverage,
  RowSGD,
  SGD,
  warmupCosine,
} from '../src/index.ts';

const misspelt = { colour: 1 };
const given = { learningRate: 0.1, ...misspelt };
const ofAll = 'learningRate, weightDecay, groups';
const ofRows = 'learningRate, weightDecay, tables, stateStore';
const schedule = { peak: 1, warmupSteps: 1, totalSteps: 2, ...misspelt };
const groups = [{ match: () => true, ...misspelt }];

/** Every class and function with options, and a use of it that would be right but for one of them. */
const uses: readonly (readonly [owner: string, options: string, use: () => unknown])[] = [
  ['AdamW', `${ofAll}, beta1, beta2, epsilon`, () => new AdamW(given)],
  ['Lion', `${ofAll}, beta1, beta2`, () => new Lion(given)],
  ['SGD', `${ofAll}, momentum, nesterov, decoupled`, () => new SGD(given)],
  [
    'a group',
    'match, learningRateScale, weightDecay',
    () => new AdamW({ learningRate: 0.1, groups }),
  ],
  ['RowSGD', ofRows, () => new RowSGD(given)],
  ['RowAdagrad', `${ofRows}, epsilon, initialSum, per`, () => new RowAdagrad(given)],
  ['LazyAdam', `${ofRows}, beta1, beta2, epsilon, catchUp`, () => new LazyAdam(given)],
  [
    'RowMovingAverage',
    'tables, stateStore',
    () => new RowMovingAverage(0.9, { tables: {}, ...misspelt }),
  ],
  ['warmupCosine', 'peak, warmupSteps, totalSteps, final', () => warmupCosine(schedule)],
];

it.each(uses)('%s refuses an option that is not among %s', (owner, options, use) => {
  expect(use).toThrow(new TypeError(`${owner} has no option "colour"; it takes ${options}`));
});
