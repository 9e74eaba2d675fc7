import { randomKey } from '@neverend/backend';
import { expectCentralDifferences, expectClose, normalInput } from '@neverend/backend/testing';
import { describe, it } from 'vitest';
import {
  geluBackwardNaive,
  geluErfBackwardNaive,
  geluErfNaive,
  geluNaive,
  normalDistribution,
} from '../src/gelu/naive.ts';
import { layerNormBackwardNaive, layerNormNaive } from '../src/layer-norm/naive.ts';
import { linearBackwardNaive, linearNaive } from '../src/linear/naive.ts';
import { rmsNormBackwardNaive, rmsNormNaive } from '../src/rms-norm/naive.ts';
import { softmaxBackwardNaive, softmaxNaive } from '../src/softmax/naive.ts';

type Loose = Record<string, Float64Array>;

describe('the references in float64', () => {
  it('of gelu have the gradients of central differences', () => {
    expectCentralDifferences(
      { x: normalInput(randomKey(1), [50], 2) },
      50,
      ({ x }: Loose) => geluNaive(x as Float64Array),
      ({ x }: Loose, dy) => ({ x: geluBackwardNaive(x as Float64Array, dy) }),
    );
  });

  it('of gelu by erf have the gradients of central differences', () => {
    expectCentralDifferences(
      { x: normalInput(randomKey(1), [50], 3) },
      50,
      ({ x }: Loose) => geluErfNaive(x as Float64Array),
      ({ x }: Loose, dy) => ({ x: geluErfBackwardNaive(x as Float64Array, dy) }),
    );
  });

  it('of linear have the gradients of central differences', () => {
    const inputs = {
      x: normalInput(randomKey(1), [5, 3]),
      kernel: normalInput(randomKey(2), [3, 4]),
      bias: normalInput(randomKey(3), [4]),
    };
    expectCentralDifferences(
      inputs,
      20,
      (arrays) => linearNaive(arrays as never),
      (arrays, dy) => linearBackwardNaive(arrays as never, dy) as never,
    );
  });

  it('of layer norm have the gradients of central differences', () => {
    const inputs = {
      x: normalInput(randomKey(1), [4, 5]),
      scale: normalInput(randomKey(2), [5]),
      bias: normalInput(randomKey(3), [5]),
    };
    expectCentralDifferences(
      inputs,
      20,
      (arrays) => layerNormNaive(arrays as never),
      (arrays, dy) => layerNormBackwardNaive(arrays as never, dy) as never,
    );
  });

  it('of RMS norm have the gradients of central differences', () => {
    const options = { eps: 1e-3, offset: 1 };
    expectCentralDifferences(
      { x: normalInput(randomKey(1), [4, 5]), scale: normalInput(randomKey(2), [5]) },
      20,
      (arrays) => rmsNormNaive(arrays as never, options),
      (arrays, dy) => rmsNormBackwardNaive(arrays as never, options, dy) as never,
    );
  });

  it('of softmax have the gradients of central differences', () => {
    expectCentralDifferences(
      { x: normalInput(randomKey(1), [4, 5]) },
      20,
      ({ x }: Loose) => softmaxNaive(x as Float64Array, 5),
      ({ x }: Loose, dy) => ({ x: softmaxBackwardNaive(x as Float64Array, dy, 5) }),
    );
  });

  it('of gelu is the value that the paper gives for large and small numbers', () => {
    expectClose(geluNaive(Float64Array.of(-40, 0, 40)), [0, 0, 40], { rtol: 0, atol: 1e-12 });
    // Phi(1) = 0.841344746; the tanh form is off by 1.5e-4 there.
    expectClose(geluNaive(Float64Array.of(1)), [0.841344746], { rtol: 0, atol: 2e-4 });
  });

  it('of the normal distribution are the values of the tables', () => {
    // Abramowitz and Stegun, table 26.1; the last two by table 26.2.
    const x = [0, 0.5, 1, 2, -1, 5, -6];
    const table = [
      0.5, 0.69146246127401, 0.84134474606854, 0.97724986805182, 0.15865525393146, 0.99999971334843,
      9.86587645e-10,
    ];
    for (const [index, value] of table.entries()) {
      expectClose([normalDistribution(x[index] ?? 0)], [value], { rtol: 1e-9, atol: 0 });
    }
  });
});
