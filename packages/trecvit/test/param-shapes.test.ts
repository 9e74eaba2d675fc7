import { describe, expect, it } from 'vitest';
import { paramShapes, type TRecViTForm, type TRecViTSize, trecvitConfig } from '../src/index.ts';
import official from './golden/checkpoint-keys.json' with { type: 'json' };

/** The names of all layers: those with a number in braces once for each. */
function ofLayers<T>(shapes: Readonly<Record<string, T>>, layers: number): Record<string, T> {
  const named = Object.entries(shapes).flatMap(([name, shape]) =>
    Array.from({ length: name.includes('{') ? layers : 1 }, (_, layer): [string, T] => [
      name.replace('{ii}', String(layer).padStart(2, '0')).replace('{i}', String(layer)),
      shape,
    ]),
  );
  return Object.fromEntries(named);
}

describe('the names and shapes of parameters', () => {
  it.each(Object.entries(official.sizes))(
    'of %s are those of the official code',
    (size, { layers, shapes }) => {
      expect(paramShapes(trecvitConfig(size as TRecViTSize))).toEqual(ofLayers(shapes, layers));
    },
  );

  it.each(
    (['Ti', 'S', 'B', 'L'] as const).flatMap((size) =>
      (['released', 'paper'] as const).map((form): [TRecViTSize, TRecViTForm] => [size, form]),
    ),
  )('of %s as %s are those of the official code at its widths', (size, form) => {
    const config = trecvitConfig(size, form, { classes: 174 });
    const [d, e, h] = [config.width, (form === 'released' ? 2 : 1) * config.width, config.heads];
    const letters: Readonly<Record<string, number>> = {
      ...{ d, e, h, m: 4 * d, n: 196, C: 174 },
      ...{ 'e/h': e / h, 'd/h': d / h },
    };
    const shapes = Object.entries(official.letters).map(([name, axes]) => [
      name,
      axes.split(',').map((axis) => letters[axis] ?? Number(axis)),
    ]);
    expect(paramShapes(config)).toEqual(ofLayers(Object.fromEntries(shapes), config.layers));
  });
});
