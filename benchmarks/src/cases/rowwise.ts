import type { Case, Input, Op, Size } from '../types.ts';

interface Rowwise {
  readonly id: string;
  readonly op: Op;
  readonly title: string;
  readonly full: readonly [number, number];
  readonly tiny: readonly [number, number];
  readonly vectors: readonly (Omit<Input, 'shape' | 'dtype'> & { readonly name: string })[];
  readonly attrs: Case['attrs'];
}

const operations: readonly Rowwise[] = [
  {
    id: 'softmax',
    op: 'softmax',
    title: 'softmax',
    full: [4728, 197],
    tiny: [5, 37],
    vectors: [],
    attrs: {},
  },
  {
    id: 'layer-norm',
    op: 'layerNorm',
    title: 'layer norm',
    full: [6304, 768],
    tiny: [7, 33],
    vectors: [{ name: 'scale', mean: 1, scale: 0.1 }, { name: 'bias' }],
    attrs: { eps: 1e-6 },
  },
  {
    id: 'rms-norm',
    op: 'rmsNorm',
    title: 'RMS norm',
    full: [6304, 768],
    tiny: [7, 33],
    vectors: [{ name: 'scale', mean: 1, scale: 0.1 }],
    attrs: { eps: 1e-6 },
  },
  {
    id: 'gelu',
    op: 'gelu',
    title: 'GELU (tanh) of x + bias',
    full: [6304, 3072],
    tiny: [7, 33],
    vectors: [{ name: 'bias' }],
    attrs: {},
  },
];

/** Operations on each row of a matrix: bound by reading it and writing the result. */
export function rowwiseCases(size: Size): Case[] {
  return operations.flatMap(({ id, op, title, vectors, attrs, ...by }) =>
    (['forward', 'gradient'] as const).map((mode): Case => {
      const [rows, width] = by[size];
      const x: Input = { name: 'x', shape: [rows, width], dtype: 'float32' };
      const gradient = mode === 'gradient';
      return {
        id: gradient ? `${id}-gradient` : id,
        title: `${title} [${rows}, ${width}]${gradient ? ', with gradients' : ''}`,
        group: 'rowwise',
        op,
        mode,
        attrs,
        inputs: [
          x,
          ...vectors.map((vector): Input => ({ ...vector, shape: [width], dtype: 'float32' })),
          ...(gradient ? [{ ...x, name: 'dy' }] : []),
        ],
        // Forward: x in, y out. Backward: x or y and dy in, dx out.
        limit: { kind: 'copy', amount: 4 * rows * width * (gradient ? 5 : 2) },
        tolerance: 2e-5,
      };
    }),
  );
}
