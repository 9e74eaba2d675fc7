import { randomKey } from '@neverend/backend';
import {
  expectCentralDifferences,
  expectClose,
  normalInput,
  readGolden,
} from '@neverend/backend/testing';
import { describe, expect, it } from 'vitest';
import { encoderBlockBackwardNaive, encoderBlockNaive } from '../src/encoder-block/naive.ts';
import { blockParams } from './block-inputs.ts';

const sizes = { rows: 2, tokens: 3, width: 6, heads: 2 };

describe('the references in float64', () => {
  it('of the encoder block have the gradients of central differences', () => {
    const inputs = { x: normalInput(randomKey(1), [36]), ...blockParams(6, 2, 7) };
    expectCentralDifferences(
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
});
