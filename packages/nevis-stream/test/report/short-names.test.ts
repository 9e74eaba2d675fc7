import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortNames } from '../../src/report/short-names.ts';

const shown = (names: readonly string[], room: number) => {
  const short = shortNames(names, room);
  return names.map((name) => short.get(name));
};

describe('short names', () => {
  it('are the names themselves where they fit', () => {
    const names = ['LandSat UCI repo', 'MNIST', 'Fashion MNIST', 'MNIST-rot', 'MNIST'];
    expect(shown(names, 10.45)).toEqual(names);
  });

  it('are both ends of a name that does not fit', () => {
    expect(shown(['Describable Textures Dataset'], 11)).toEqual(['Describ…Dataset']);
    expect(shown(['W'.repeat(150)], 10)).toEqual(['WWW…WWW']);
    expect(shown(['日本語の文字の画像の分類'], 10)).toEqual(['日本語…の分類']);
  });

  it('begin where names with a common start differ', () => {
    const names = [3, 13, 23].map((n) => `A task with quite a long name number ${n} of many`);
    expect(shown(names, 10)).toEqual(['…3 of many', '…13 of many', '…23 of many']);
    const nested = ['x1', 'x2', 'y1'].map(
      (end) => `${'same '.repeat(9)}${end}${' more'.repeat(9)}`,
    );
    expect(shown(nested, 10)).toEqual(['…x1 more mo…', '…x2 more mo…', '…y1 more mo…']);
  });

  it('have their place where there is no room for what differs', () => {
    const [a, b] = ['1 of many data sets', '2 of many data sets'];
    const names = [a, b].flatMap((end) => ['x', 'y'].map((x) => `same ${x} same same same ${end}`));
    expect(new Set(shown(names, 10)).size).toBe(4);
    expect(shown(names, 10)[2]).toBe('3: same…sets');
  });

  it('tell different names apart, and fit', () => {
    const word = fc.constantFrom('a', 'b', 'the', 'W', 'WW', 'same', ' ', '7', '日', '👩‍👩‍👧', '-');
    const name = fc.array(word, { minLength: 1, maxLength: 80 }).map((words) => words.join(''));
    const start = name.map((text) => text.repeat(3));
    fc.assert(
      fc.property(fc.array(name, { minLength: 2, maxLength: 9 }), start, name, (ends, a, z) => {
        const names = [...new Set(ends.map((end) => `${a}${end}${z}`))];
        const short = shown(names, 10);
        expect(new Set(short).size).toBe(names.length);
        // The narrowest letter is 0.45 wide.
        for (const text of short) {
          expect([...new Intl.Segmenter().segment(text ?? '')].length).toBeLessThan(23);
        }
      }),
    );
  });
});
