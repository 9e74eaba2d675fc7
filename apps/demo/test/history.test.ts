import fc from 'fast-check';
import { expect, it } from 'vitest';
import { coloursOf, History } from '../src/history.ts';

const moment = (at: number, ...probabilities: readonly number[]) => ({
  at,
  guesses: probabilities.map((probability, index) => ({ index, probability })),
});

it('draws from the past at the left to now at the right, and certainty at the top', () => {
  const history = new History(10);
  history.add(moment(100, 1, 0));
  history.add(moment(105, 0.25, 0.75));
  history.add(moment(110, 0, 1));
  expect(history.lines(110, 2)).toEqual([
    { index: 1, colour: 1, points: '0.00,100.00 50.00,25.00 100.00,0.00' },
    { index: 0, colour: 0, points: '0.00,0.00 50.00,75.00 100.00,100.00' },
  ]);
});

it('keeps one moment from before its time, for the left edge, and forgets the others', () => {
  const history = new History(10);
  for (let at = 0; at <= 100; at++) history.add(moment(at, 1));
  const [line] = history.lines(100, 1);
  expect(line?.points.split(' ')).toHaveLength(11);
  for (let at = 101; at <= 100.95; at += 0.1) history.add(moment(at, 1));
  expect(history.lines(100.95, 1)[0]?.points.split(' ')[0]).toMatch(/^-?\d/);
});

it('has the likeliest classes alone, and a class that is not named at the bottom', () => {
  const history = new History(10);
  history.add({ at: 0, guesses: [{ index: 399, probability: 0.9 }] });
  history.add({ at: 10, guesses: [{ index: 7, probability: 0.5 }] });
  expect(history.lines(10, 1)).toEqual([
    expect.objectContaining({ index: 399, points: '0.00,10.00 100.00,100.00' }),
  ]);
});

it('is empty after it was cleared', () => {
  const history = new History(10);
  history.add(moment(1, 1));
  history.clear();
  expect(history.lines(1, 5)).toEqual([]);
});

it('gives classes that are shown together colours of their own, which they keep', () => {
  const classes = fc.uniqueArray(fc.nat(399), { maxLength: 8 });
  fc.assert(
    fc.property(classes, classes, (first, second) => {
      const before = coloursOf(first, new Map());
      const after = coloursOf(second, before);
      expect(new Set(after.values()).size).toBe(second.length);
      for (const index of second) {
        if (before.has(index)) expect(after.get(index)).toBe(before.get(index));
      }
    }),
  );
});
