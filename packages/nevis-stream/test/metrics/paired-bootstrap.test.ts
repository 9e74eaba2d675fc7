import { expect, it } from 'vitest';
import { pairedBootstrap } from '../../src/metrics/index.ts';
import golden from '../golden/paired-tests.json' with { type: 'json' };

const groups = golden.wrong.map((learners) => ({
  wrong: learners.map((positions) =>
    positions.map((text) => Uint8Array.from(text, (digit) => Number(digit))),
  ),
}));

it.each(golden.intervals)(
  'has the interval of numpy for the learners $pair at $alpha',
  ({ pair, alpha, low, high, sd }) => {
    const own = pairedBootstrap(groups, alpha, ['golden']).find(
      ({ pair: [first, second] }) => first === pair[0] && second === pair[1],
    );
    // 10,000 draws place the end of an interval to about a 25th of the standard deviation.
    expect(Math.abs((own?.low ?? 0) - low)).toBeLessThan(0.15 * sd);
    expect(Math.abs((own?.high ?? 0) - high)).toBeLessThan(0.15 * sd);
    const rate = (learner: number) => {
      const rates = golden.wrong.flatMap((learners) =>
        (learners[learner] ?? []).map((text) => text.replaceAll('0', '').length / text.length),
      );
      return rates.reduce((sum, one) => sum + one, 0) / rates.length;
    };
    expect(own?.difference).toBeCloseTo(rate(pair[0] ?? 0) - rate(pair[1] ?? 0), 12);
  },
);

it('is a function of the seed, and says nothing of learners that err on the same examples', () => {
  const wrong = Uint8Array.of(0, 1, 1, 0, 1);
  const same = [{ wrong: [[wrong], [wrong]] }];
  expect(pairedBootstrap(same, 0.05, [0])).toEqual([
    { pair: [0, 1], difference: 0, low: 0, high: 0 },
  ]);
  expect(pairedBootstrap(groups, 0.05, [1])).toEqual(pairedBootstrap(groups, 0.05, [1]));
  expect(pairedBootstrap(groups, 0.05, [1])).not.toEqual(pairedBootstrap(groups, 0.05, [2]));
});

it('draws a data set that comes back once, with all its positions', () => {
  // Twice the same outcomes are no more than once: the interval stays as wide.
  const first = groups[0]?.wrong ?? [];
  const [once] = pairedBootstrap([{ wrong: first }], 0.05, [0]);
  const twice = first.map(([position = new Uint8Array()]) => [position, position]);
  const [back] = pairedBootstrap([{ wrong: twice }], 0.05, [0]);
  expect(back?.low).toBeCloseTo(once?.low ?? Number.NaN, 12);
  expect(back?.high).toBeCloseTo(once?.high ?? Number.NaN, 12);
});

it('has nothing to compare with fewer than two learners', () => {
  expect(pairedBootstrap([], 0.05, [0])).toEqual([]);
  expect(pairedBootstrap([{ wrong: [[Uint8Array.of(1)]] }], 0.05, [0])).toEqual([]);
});
