import { describe, expect, it } from 'vitest';
import { compareLearners, type Outcome } from '../../src/environment/compare-learners.ts';
import type { DatasetKey } from '../../src/types.ts';

/** Outcomes at positions 0, 1, …: `1` where the learner was wrong. */
const outcomes = (...texts: readonly (readonly [key: DatasetKey, wrong: string])[]): Outcome[] =>
  texts.map(([dataset, wrong], position) => ({
    ...{ position, dataset },
    wrong: Uint8Array.from(wrong, Number),
  }));

const zeros = (count: number) => '0'.repeat(count);
const ones = (count: number) => '1'.repeat(count);

describe('the tests of two learners', () => {
  it('count, on each task, the examples that one alone gets wrong', () => {
    const { tasks } = compareLearners(
      new Map([
        ['a', outcomes(['x_dev_test', '0011001'])],
        ['b', outcomes(['x_dev_test', '0101111'])],
      ]),
      0,
    );
    // a alone errs on the third, b alone on the second, fifth and sixth: 1 and 3 of 4, 2 (1 + 4)/16.
    expect(tasks).toEqual([
      {
        ...{ position: 0, learners: ['a', 'b'], onlyFirst: 1, onlySecond: 3 },
        ...{ pValue: 0.625, shown: false },
      },
    ]);
  });

  it('are corrected for the number of pairs', () => {
    // Without a correction 0 against 6 has p = 1/32.
    const learners = new Map([
      ['a', outcomes(['x_test', zeros(20)])],
      ['b', outcomes(['x_test', ones(6) + zeros(14)])],
    ]);
    expect(compareLearners(learners, 0).tasks).toMatchObject([
      { pValue: expect.closeTo(1 / 32, 12), shown: true },
    ]);
    learners.set('c', outcomes(['x_test', zeros(20)]));
    const { tasks } = compareLearners(learners, 0);
    expect(tasks.map(({ learners, pValue, shown }) => [learners.join(), pValue, shown])).toEqual([
      ['a,b', expect.closeTo(3 / 32, 12), false],
      ['a,c', 1, false],
      ['b,c', expect.closeTo(3 / 32, 12), false],
    ]);
  });

  it('show a difference of averages that is plain, with its sign, and none that is not', () => {
    const { average, level } = compareLearners(
      new Map([
        ['good', outcomes(['x_test', ones(20) + zeros(180)], ['y_test', zeros(50)])],
        ['bad', outcomes(['x_test', ones(90) + zeros(110)], ['y_test', zeros(50)])],
        ['alike', outcomes(['x_test', `0${ones(18)}${zeros(181)}`], ['y_test', `1${zeros(49)}`])],
      ]),
      0,
    );
    expect(level).toBe(0.05);
    const [toBad, toAlike] = average;
    // (20 - 90)/200 on one of two tasks.
    expect(toBad).toMatchObject({ learners: ['good', 'bad'], shown: true });
    expect(toBad?.difference).toBeCloseTo(-0.175, 12);
    expect(toBad?.high).toBeLessThan(0);
    expect(toAlike).toMatchObject({ learners: ['good', 'alike'], shown: false });
    expect(toAlike?.difference).toBeCloseTo(0.5 * (2 / 200 - 1 / 50), 12);
  });

  it('show nothing by a handful of examples, however they fell', () => {
    const { average } = compareLearners(
      new Map([
        ['a', outcomes(['x_test', zeros(9)])],
        ['b', outcomes(['x_test', ones(9)])],
      ]),
      0,
    );
    expect(average).toMatchObject([{ difference: -1, low: -1, high: -1, shown: false }]);
  });

  it('are of the learners that got furthest, and on each task of those that have it', () => {
    const both = [
      ['x_test', ones(8)],
      ['y_test', zeros(8)],
    ] as const;
    const { average, tasks } = compareLearners(
      new Map([
        ['a', outcomes(...both)],
        ['b', outcomes(...both)],
        ['slow', outcomes(both[0])],
        ['not yet', []],
      ]),
      0,
    );
    expect(average.map(({ learners }) => learners.join())).toEqual(['a,b']);
    expect(tasks.map(({ position, learners }) => `${position} ${learners.join()}`)).toEqual([
      '0 a,b',
      '0 a,slow',
      '0 b,slow',
      '1 a,b',
    ]);
    expect(compareLearners(new Map(), 0)).toEqual({ level: 0.05, average: [], tasks: [] });
  });

  it('are no wider and no narrower for a task that comes back with the same images', () => {
    const [a, b] = [ones(30) + zeros(170), ones(10) + zeros(190)];
    const interval = (...keys: DatasetKey[]) => {
      const of = (wrong: string) => outcomes(...keys.map((key) => [key, wrong] as const));
      const { average } = compareLearners(
        new Map([
          ['a', of(a)],
          ['b', of(b)],
        ]),
        0,
      );
      return (average[0]?.high ?? 0) - (average[0]?.low ?? 0);
    };
    expect(interval('x_test', 'x_test')).toBeCloseTo(interval('x_test'), 12);
    // Other images, which happen to have the same outcomes, are more to go by.
    expect(interval('x_test', 'y_test')).toBeLessThan(0.8 * interval('x_test'));
  });
});
