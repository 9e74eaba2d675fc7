import { randomKey } from '@neverend/backend';
import { expectClose, numericGradient, readGolden } from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { encoderBlockBackwardNaive, encoderBlockNaive } from '../src/encoder-block/naive.ts';
import { geluBackwardNaive, geluNaive } from '../src/gelu/naive.ts';
import { layerNormBackwardNaive, layerNormNaive } from '../src/layer-norm/naive.ts';
import { linearBackwardNaive, linearNaive } from '../src/linear/naive.ts';
import { blockParams, type Inputs, normalInput, numbers } from './op-case.ts';

// Central differences in float64 are good to some 1e-10 of the function's scale.
const differences = { rtol: 1e-6, atol: 1e-7 };
const sizes = { rows: 2, tokens: 3, width: 6, heads: 2 };

/** Holds a hand-written backward pass against differences of the forward pass, input by input. */
function expectGradients(
  inputs: Inputs,
  outputs: number,
  forward: (arrays: Record<string, Float64Array>) => Float64Array,
  backward: (
    arrays: Record<string, Float64Array>,
    dy: Float64Array,
  ) => Readonly<Record<string, Float64Array>>,
) {
  const arrays = numbers(inputs);
  const dy = normalInput(randomKey('dy'), [outputs]).data;
  const gradients = backward(arrays, dy);
  for (const [name, data] of Object.entries(arrays)) {
    const numeric = numericGradient(
      (at) =>
        forward({ ...arrays, [name]: at }).reduce((sum, y, index) => sum + y * (dy[index] ?? 0), 0),
      data,
    );
    expectClose(gradients[name] ?? [], numeric, differences);
  }
}

type Loose = Record<string, Float64Array>;

describe('the references in float64', () => {
  it('of linear have the gradients of central differences', () => {
    const inputs = {
      x: normalInput(randomKey(1), [5, 3]),
      kernel: normalInput(randomKey(2), [3, 4]),
      bias: normalInput(randomKey(3), [4]),
    };
    expectGradients(
      inputs,
      20,
      (arrays) => linearNaive(arrays as never),
      (arrays, dy) => linearBackwardNaive(arrays as never, dy) as never,
    );
  });

  it('of gelu have the gradients of central differences', () => {
    expectGradients(
      { x: normalInput(randomKey(1), [50], 2) },
      50,
      ({ x }: Loose) => geluNaive(x as Float64Array),
      ({ x }: Loose, dy) => ({ x: geluBackwardNaive(x as Float64Array, dy) }),
    );
  });

  it('of layer norm have the gradients of central differences', () => {
    const inputs = {
      x: normalInput(randomKey(1), [4, 5]),
      scale: normalInput(randomKey(2), [5]),
      bias: normalInput(randomKey(3), [5]),
    };
    expectGradients(
      inputs,
      20,
      (arrays) => layerNormNaive(arrays as never),
      (arrays, dy) => layerNormBackwardNaive(arrays as never, dy) as never,
    );
  });

  it('of the encoder block have the gradients of central differences', () => {
    const inputs = { x: normalInput(randomKey(1), [36]), ...blockParams(6, 2, 7) };
    expectGradients(
      inputs,
      36,
      ({ x, ...params }) => encoderBlockNaive(x as Float64Array, params, sizes),
      ({ x, ...params }, dy) => {
        const gradients = encoderBlockBackwardNaive(x as Float64Array, params, sizes, dy);
        return { x: gradients.x, ...gradients.params };
      },
    );
  });

  it('equal PyTorch in float64, output and every gradient', () => {
    const { meta, arrays } = readGolden(new URL('golden/encoder-block.json', import.meta.url));
    const array = (name: string) => Float64Array.from(arrays[name]?.data ?? []);
    const [rows, tokens, width] = (arrays['x']?.shape ?? []) as [number, number, number];
    const shape = { rows, tokens, width, heads: meta['heads'] as number };
    const names = Object.keys(arrays)
      .filter((name) => name.startsWith('w/') && name !== 'w/positions')
      .map((name) => name.slice(2));
    expect(names).toHaveLength(16);
    const positions = array('w/positions');
    const x = array('x').map((v, index) => v + (positions[index % positions.length] ?? 0));
    const params = Object.fromEntries(names.map((name) => [name, array(`w/${name}`)]));
    // Both sum some hundred terms in float64.
    const close = { rtol: 1e-11, atol: 1e-12 };
    expectClose(encoderBlockNaive(x, params, shape), array('y'), close);
    const gradients = encoderBlockBackwardNaive(x, params, shape, array('dy'));
    expectClose(gradients.x, array('dx'), close);
    for (const name of names) {
      expectClose(gradients.params[name] ?? [], array(`g/${name}`), close);
    }
  });

  it('of gelu is the value that the paper gives for large and small numbers', () => {
    expectClose(geluNaive(Float64Array.of(-40, 0, 40)), [0, 0, 40], { rtol: 0, atol: 1e-12 });
    // Phi(1) = 0.841344746; the tanh form is off by 1.5e-4 there.
    expectClose(geluNaive(Float64Array.of(1)), [0.841344746], { rtol: 0, atol: 2e-4 });
  });
});
