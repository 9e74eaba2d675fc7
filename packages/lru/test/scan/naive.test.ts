import { randomKey } from '@neverend/backend';
import { normalInput, numericGradient } from '@neverend/backend/testing';
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
    const key = (name: string) => randomKey('naive', name);
    const inputs: ScanInputs = {
      a: normalInput(key('a'), shape).data,
      x: normalInput(key('x'), shape).data,
      h0: normalInput(key('h0'), [2, 3]).data,
    };
    const dy = normalInput(key('dy'), shape).data;
    const gradients = linearScanBackwardNaive(inputs, dy, shape, reverse);
    for (const name of ['a', 'x', 'h0'] as const) {
      const f = (values: Float64Array) =>
        linearScanNaive({ ...inputs, [name]: values }, shape, reverse).reduce(
          (sum, h, at) => sum + h * (dy[at] ?? 0),
          0,
        );
      const expected = numericGradient(f, inputs[name]);
      for (const [at, value] of gradients[name].entries()) {
        expect(value).toBeCloseTo(expected[at] ?? Number.NaN, 6);
      }
    }
  });
});
