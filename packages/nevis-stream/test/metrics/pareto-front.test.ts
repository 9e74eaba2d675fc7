import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paretoFront } from '../../src/metrics/index.ts';

const point = (flops: bigint | number, error: number) => ({ flops, error });

describe('paretoFront', () => {
  it('keeps what no other point beats, cheapest first', () => {
    const points = [point(4, 0.3), point(1, 0.5), point(2, 0.6), point(3, 0.4), point(2, 0.4)];
    expect(paretoFront(points)).toEqual([point(1, 0.5), point(2, 0.4), point(4, 0.3)]);
  });

  it('keeps both of two equal points', () => {
    expect(paretoFront([point(1, 0.5), point(1, 0.5)])).toHaveLength(2);
  });

  it('tells costs apart that are one operation apart beyond 2^53', () => {
    const cheap = point(2n ** 60n, 0.5);
    expect(paretoFront([point(2n ** 60n + 1n, 0.5), cheap])).toEqual([cheap]);
  });

  it('leaves every other point dominated by a kept one, and no kept one by another', () => {
    const points = fc.array(
      fc.record({ flops: fc.integer({ min: 0, max: 6 }), error: fc.integer({ min: 0, max: 6 }) }),
    );
    fc.assert(
      fc.property(points, (all) => {
        const front = paretoFront(all);
        for (const q of all) {
          const beaten = front.some(
            (p) =>
              (p.flops < q.flops && p.error <= q.error) ||
              (p.flops <= q.flops && p.error < q.error),
          );
          expect(front.includes(q)).toBe(!beaten);
        }
        expect(front.map((p) => p.flops)).toEqual(front.map((p) => p.flops).sort((a, b) => a - b));
      }),
    );
  });
});
