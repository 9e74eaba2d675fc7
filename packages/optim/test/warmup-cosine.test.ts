import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { warmupCosine } from '../src/index.ts';

describe('warmupCosine', () => {
  it('has the rates of a long run that another implementation computed', () => {
    const rate = warmupCosine({ peak: 0.1, warmupSteps: 4599, totalSteps: 50_000, final: 1e-8 });
    const expected: readonly [number, number][] = [
      [0, 0],
      [1, 2.174385736029572e-5],
      [4598, 0.09997825614263971],
      [4599, 0.1],
      [25_000, 0.05792234861320836],
      [50_000, 1e-8],
    ];
    for (const [step, value] of expected) {
      expect(Math.abs(rate(step) - value)).toBeLessThanOrEqual(1e-15);
    }
    expect(rate(60_000)).toBe(1e-8);
  });

  it('rises in equal steps to the peak and never rises after it', () => {
    const settings = fc
      .record({
        peak: fc.double({ min: 1e-6, max: 10, noNaN: true }),
        warmupSteps: fc.integer({ min: 0, max: 50 }),
        rest: fc.integer({ min: 1, max: 50 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ rest, share, ...settings }) => ({
        ...settings,
        totalSteps: settings.warmupSteps + rest,
        final: share * settings.peak,
      }));
    fc.assert(
      fc.property(settings, (options) => {
        const { peak, warmupSteps, totalSteps, final } = options;
        const rate = warmupCosine(options);
        for (let step = 0; step < warmupSteps; step++) {
          expect(rate(step + 1) - rate(step)).toBeCloseTo(peak / warmupSteps, 9);
        }
        expect(rate(warmupSteps)).toBeCloseTo(peak, 12);
        expect(rate((warmupSteps + totalSteps) / 2)).toBeCloseTo((peak + final) / 2, 9);
        for (let step = warmupSteps; step < totalSteps; step++) {
          expect(rate(step + 1)).toBeLessThanOrEqual(rate(step) * (1 + 1e-12));
        }
        expect(rate(totalSteps)).toBe(final);
      }),
    );
  });

  it('ends at 0 where no final rate is given', () => {
    expect(warmupCosine({ peak: 1, warmupSteps: 0, totalSteps: 4 })(4)).toBe(0);
  });

  it('refuses lengths and rates that make no schedule', () => {
    const refused = [
      { peak: -1, warmupSteps: 0, totalSteps: 4 },
      { peak: Number.NaN, warmupSteps: 0, totalSteps: 4 },
      { peak: 1, warmupSteps: 0, totalSteps: 4, final: Number.POSITIVE_INFINITY },
      { peak: 1, warmupSteps: 4, totalSteps: 4 },
      { peak: 1, warmupSteps: -1, totalSteps: 4 },
      { peak: 1, warmupSteps: 0, totalSteps: Number.POSITIVE_INFINITY },
    ];
    for (const options of refused) expect(() => warmupCosine(options)).toThrow(RangeError);
    const rate = warmupCosine({ peak: 1, warmupSteps: 1, totalSteps: 4 });
    expect(() => rate(-1)).toThrow(new RangeError('step was -1; it must be >= 0'));
    expect(() => rate(Number.NaN)).toThrow(RangeError);
  });
});
