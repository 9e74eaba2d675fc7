import type { Case, Input, Size } from '../types.ts';

const shapes = [
  // Every token of a frame has a sequence of its own; one long sequence.
  { id: 'scan', full: [197, 32, 1536], tiny: [3, 5, 7] },
  { id: 'scan-long', full: [1, 4096, 1536], tiny: [1, 37, 6] },
] as const;

/** h_t = a_t h_{t-1} + x_t over the second axis, from zeros on: bound by reading a and x and writing h. */
export function scanCases(size: Size): Case[] {
  return shapes.flatMap(({ id, ...by }) =>
    (['forward', 'gradient'] as const).map((mode): Case => {
      const shape = by[size];
      const gradient = mode === 'gradient';
      const x: Input = { name: 'x', shape, dtype: 'float32' };
      return {
        id: gradient ? `${id}-gradient` : id,
        title: `linear scan [${shape.join(', ')}]${gradient ? ', with gradients' : ''}`,
        group: id,
        op: 'linearScan',
        mode,
        attrs: {},
        // Gates: hardly any is above one.
        inputs: [
          { ...x, name: 'a', mean: 0.45, scale: 0.1 },
          x,
          ...(gradient ? [{ ...x, name: 'dy' }] : []),
        ],
        // Forward: a and x in, y out. Backward: dy, a and y in, da and dx out.
        limit: { kind: 'copy', amount: 4 * shape[0] * shape[1] * shape[2] * (gradient ? 8 : 3) },
        tolerance: 2e-5,
        ...(id === 'scan-long' ? { tooSlowFor: ['tfjs-wasm'] } : {}),
      };
    }),
  );
}
