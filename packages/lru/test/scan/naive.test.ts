import { randomKey } from '@neverend/backend';
import { expectCentralDifferences, normalInput } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import {
  linearScanBackwardNaive,
  linearScanNaive,
  type ScanInputs,
  type ScanShape,
} from '../../src/scan/naive.ts';

describe.each([false, true])('the reference of the scan, reversed: %s', (reverse) => {
  it('does what is worked out by hand', () => {
    const inputs = {
      a: Float64Array.of(2, 3, 4),
      x: Float64Array.of(1, 1, 1),
      h0: Float64Array.of(5),
    };
    // Forward 2·5+1, 3·11+1, 4·34+1; from the end 4·5+1, 3·21+1, 2·64+1.
    const expected = reverse ? [129, 64, 21] : [11, 34, 137];
    expect([...linearScanNaive(inputs, [1, 3, 1], reverse)]).toEqual(expected);
  });

  it('has the gradients of finite differences', () => {
    const shape: ScanShape = [2, 4, 3];
    const draw = (name: string, of: readonly number[]) => normalInput(randomKey('naive', name), of);
    expectCentralDifferences(
      { a: draw('a', shape), x: draw('x', shape), h0: draw('h0', [2, 3]) },
      24,
      (at) => linearScanNaive(at as unknown as ScanInputs, shape, reverse),
      (at, dy) => ({
        ...linearScanBackwardNaive(at as unknown as ScanInputs, dy, shape, reverse),
      }),
    );
  });
});
