import { createHash } from 'node:crypto';
import { readGolden } from '@neverend/backend/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BaseSplit,
  baseSplits,
  drawSplits,
  protocolFractions,
  type SplitIndices,
  sliceSplits,
} from '../../src/data/splits.ts';

type Kind = keyof typeof protocolFractions;

interface Meta {
  readonly count: number;
  readonly kinds: Record<
    Kind,
    {
      readonly names: BaseSplit[];
      readonly counts: Record<string, Partial<Record<BaseSplit, number>>>;
      readonly sha256: string;
    }
  >;
  readonly sizes: Record<
    string,
    { readonly kind: Kind; readonly count: number; readonly sizes: object }
  >;
}

const golden = readGolden(new URL('../golden/splits.json', import.meta.url));
const meta = golden.meta as unknown as Meta;
const kinds = Object.keys(meta.kinds) as Kind[];

/** The number of each example's split among `names`. */
function assignment(drawn: SplitIndices, names: readonly BaseSplit[], count: number): Uint8Array {
  const assigned = new Uint8Array(count).fill(255);
  for (const [at, name] of names.entries()) for (const index of drawn[name]) assigned[index] = at;
  return assigned;
}

function sizes(drawn: SplitIndices): Record<string, number> {
  const all = baseSplits.map((split): [string, number] => [split, drawn[split].length]);
  return Object.fromEntries(all.filter(([, size]) => size > 0));
}

describe.each(kinds)('random splits for fractions "%s"', (kind) => {
  const { names, counts, sha256 } = meta.kinds[kind];

  it('gives the first examples the splits that numpy draws', () => {
    const drawn = drawSplits(200, protocolFractions[kind]);
    expect([...assignment(drawn, names, 200)]).toEqual(golden.arrays[kind]?.data);
  });

  it('gives every one of 60000 examples the split that numpy draws', () => {
    const drawn = drawSplits(meta.count, protocolFractions[kind]);
    const hash = createHash('sha256').update(assignment(drawn, names, meta.count));
    expect(hash.digest('hex')).toBe(sha256);
  });

  it.each(Object.entries(counts))('has numpy’s sizes at %s examples', (count, expected) => {
    expect(sizes(drawSplits(Number(count), protocolFractions[kind]))).toEqual(expected);
  });

  it('puts each example in one split, and begins like a longer draw', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (count, more) => {
        const drawn = drawSplits(count, protocolFractions[kind]);
        const members = baseSplits.flatMap((split) => [...drawn[split]]);
        expect(members.toSorted((a, b) => a - b)).toEqual([...Array(count).keys()]);
        const longer = drawSplits(count + more, protocolFractions[kind]);
        for (const split of baseSplits) {
          expect(longer[split].filter((index) => index < count)).toEqual(drawn[split]);
        }
      }),
      { numRuns: 30 },
    );
  });
});

it.each(Object.entries(meta.sizes))('%s has the sizes that numpy gives it', (_, expected) => {
  const drawn = drawSplits(expected.count, protocolFractions[expected.kind]);
  expect(sizes(drawn)).toEqual(expected.sizes);
});

it('slices 60000 examples into 42000, 9000 and 9000', () => {
  expect(sliceSplits(60_000)).toEqual({
    train: [0, 42_000],
    dev: [42_000, 51_000],
    dev_test: [51_000, 60_000],
  });
});

it('slices any number of examples without gap or overlap', () => {
  fc.assert(
    fc.property(fc.nat(100_000), (count) => {
      const { train, dev, dev_test: devTest } = sliceSplits(count);
      expect([train[0], dev[0], devTest[0], devTest[1]]).toEqual([0, train[1], dev[1], count]);
      for (const [start, end] of [train, dev, devTest]) expect(end).toBeGreaterThanOrEqual(start);
    }),
  );
});
