import fc from 'fast-check';
import { expect, it } from 'vitest';
import { distinctTitles } from '../../src/report/distinct-titles.ts';

const titles = (...learners: (readonly [name: string, title: string])[]) =>
  distinctTitles(learners.map(([name, title]) => ({ name, title }))).map(({ title }) => title);

it('leaves titles alone that tell their learners apart', () => {
  expect(titles(['a', 'Small'], ['b', 'Large'])).toEqual(['Small', 'Large']);
});

it('puts the names after titles that are the same, and after no other', () => {
  expect(titles(['a', 'Independent'], ['b', 'Other'], ['c', 'Independent'])).toEqual([
    'Independent (a)',
    'Other',
    'Independent (c)',
  ]);
});

it('puts them after all where a title looks like another one with its name', () => {
  expect(titles(['a', 'One'], ['b', 'One'], ['c', 'One (a)'])).toEqual([
    'One (a)',
    'One (b)',
    'One (a) (c)',
  ]);
});

it('makes the titles of any learners distinct, once and for all', () => {
  const name = fc.stringMatching(/^[ab-]{1,3}$/);
  const title = fc.constantFrom('x', 'x (a)', 'x (b)', 'x (a) (b)', '');
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ name, title }), { selector: (one) => one.name, maxLength: 6 }),
      (learners) => {
        const distinct = distinctTitles(learners);
        expect(new Set(distinct.map((one) => one.title)).size).toBe(learners.length);
        expect(distinctTitles(distinct)).toEqual(distinct);
      },
    ),
  );
});
