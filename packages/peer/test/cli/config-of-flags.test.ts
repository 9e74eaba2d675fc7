import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { configOf } from '../../src/cli/config-of-flags.ts';
import type { Kind, ModelFlags } from '../../src/cli/flags.ts';
import { withPreset } from '../../src/cli/model-flags.ts';
import { namingFlags } from '../../src/cli/train-flags.ts';
import { languageModelCosts } from '../../src/index.ts';

/** What the feed-forward of one block costs over that of a dense one of `hidden`, whose products are counted by hand. */
function share(kind: Kind, { hidden, ...flags }: ModelFlags & { readonly width: number }): number {
  const of = (kind: Kind) =>
    languageModelCosts(configOf({ ...flags, ...(hidden && { hidden }), blocks: [kind] })).flops;
  const dense = 4 * flags.width * (hidden ?? 4 * flags.width);
  return (of(kind) - of('dense')) / dense + 1;
}

const widths = [32, 64, 96, 128, 160, 256, 352, 512, 1024];

describe('the defaults of layers that pick', () => {
  it.each(['peer', 'memory', 'moe'] as const)('cost what dense ones cost, to 5 %%: %s', (kind) => {
    for (const width of widths) {
      expect(share(kind, { width })).toBeGreaterThan(0.95);
      expect(share(kind, { width })).toBeLessThan(1.05);
    }
  });

  it('are those of the paper at the width of the presets', () => {
    const [peer] = configOf({ blocks: ['peer'] }).blocks;
    expect(peer).toMatchObject({ heads: 8, k: 16, sizes: [256, 256] });
  });

  it('are fewer heads rather than keys narrower than 8', () => {
    for (const kind of ['peer', 'memory'] as const) {
      const of = (width: number) => configOf({ width, blocks: [kind] }).blocks[0];
      expect(widths.map((width) => (of(width) as { heads: number }).heads)).toEqual([
        1, 4, 8, 8, 8, 8, 8, 8, 8,
      ]);
      for (const width of widths) {
        expect((of(width) as { keyWidth: number }).keyWidth).toBeGreaterThanOrEqual(8);
      }
    }
    const given = configOf({ width: 32, blocks: ['peer'], keyWidth: 3 });
    expect(given.blocks).toMatchObject([{ heads: 8, keyWidth: 3 }]);
  });

  it('give heads that divide the width into even parts', () => {
    const heads = (width: number) => configOf({ width }).heads;
    expect([32, 160, 256, 352].map(heads)).toEqual([1, 2, 4, 4]);
    for (let width = 2; width <= 1024; width += 2) expect(width % (2 * heads(width))).toBe(0);
  });

  it('go before heads of a preset that do not divide the width', () => {
    const heads = (width: number) => configOf(withPreset({ preset: 'small', width })).heads;
    expect([256, 128, 100, 160].map(heads)).toEqual([4, 4, 2, 4]);
    expect(() => configOf(withPreset({ preset: 'small', width: 100, heads: 3 }))).toThrow(
      '--heads was 3; it must divide the --width, which is 100',
    );
  });

  it('are no more than there are', () => {
    const { blocks } = configOf({ blocks: ['moe', 'peer'], experts: 1, keys: 3 });
    expect(blocks).toMatchObject([{ topK: 1 }, { k: 9 }]);
  });
});

it('a layer costs what a dense one costs, to a tenth, or is refused by flags that cure it', () => {
  const sizes = fc.record({
    width: fc.integer({ min: 2, max: 256 }).map((half) => 2 * half),
    hidden: fc.integer({ min: 1, max: 2048 }),
    keys: fc.integer({ min: 4, max: 2000 }),
    keyHeads: fc.option(fc.integer({ min: 1, max: 16 }), { nil: undefined }),
    picks: fc.integer({ min: 1, max: 16 }),
    experts: fc.integer({ min: 2, max: 64 }),
    topK: fc.integer({ min: 1, max: 2 }),
  });
  const kinds = fc.constantFrom('peer', 'memory', 'moe');
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(sizes, kinds, ({ keyHeads, ...others }, kind) => {
      const flags = { ...others, ...(keyHeads !== undefined && { keyHeads }) };
      try {
        const of = share(kind, flags);
        outcomes.add('matched');
        expect(Math.abs(of - 1)).toBeLessThanOrEqual(0.1);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        outcomes.add('refused');
        const [own, ...others] =
          kind === 'moe'
            ? ['--expert-hidden', '--experts', '--top-k']
            : ['--key-width', '--keys', '--key-heads', '--picks'];
        expect(error.message).toContain(`no ${own} of `);
        for (const flag of [...others, `or ${own} itself`]) expect(error.message).toContain(flag);
      }
    }),
    { numRuns: 300 },
  );
  expect([...outcomes].sort()).toEqual(['matched', 'refused']);
});

it('what an engine says of too large an array is told as no room', async () => {
  const work = async () => new Float32Array(2 ** 52);
  await expect(namingFlags(work)).rejects.toThrow(
    /^there is no room in memory \(.*\); give fewer --keys, a smaller --width, or/,
  );
});
