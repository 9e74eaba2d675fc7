import type { Case, Input, Size } from '../types.ts';

interface Sizes {
  readonly rows: number;
  readonly steps: number;
  readonly width: number;
  readonly inner: number;
  readonly heads: number;
}

const taps = 4;

const tiny: Sizes = { rows: 3, steps: 5, width: 6, inner: 12, heads: 3 };
/** The sizes of TRecViT-Ti and TRecViT-B on a clip of 32 images of 224 x 224 pixels: a row is a patch. */
const small: Sizes = { rows: 196, steps: 32, width: 192, inner: 384, heads: 3 };
const base: Sizes = { rows: 196, steps: 32, width: 768, inner: 1536, heads: 12 };

const parameter = (name: string, shape: number[], scale: number, mean = 0): Input => ({
  name,
  shape,
  dtype: 'float32',
  scale,
  mean,
});

/** The recurrent block of Griffin with its RG-LRU; parameters by the names of the official code. */
export function recurrentBlockCases(size: Size): Case[] {
  const of = (sizes: Sizes) => (size === 'full' ? sizes : tiny);
  return [
    oneCase('recurrent-block', of(small), 'forward'),
    oneCase('recurrent-block', of(small), 'gradient'),
    oneCase('recurrent-block-base', of(base), 'forward'),
    oneCase('recurrent-block-base', of(base), 'gradient'),
  ];
}

function oneCase(
  group: string,
  { rows, steps, width, inner, heads }: Sizes,
  mode: Case['mode'],
): Case {
  const gradient = mode === 'gradient';
  const x: Input = { name: 'x', shape: [rows, steps, width], dtype: 'float32' };
  const block = inner / heads;
  const linear = (name: string, from: number, to: number) => [
    parameter(`${name}/kernel`, [from, to], 1 / Math.sqrt(from)),
    parameter(`${name}/bias`, [to], 0.1),
  ];
  const gate = (name: string) => [
    parameter(`rg_lru/${name}/w`, [heads, block, block], 1 / Math.sqrt(block)),
    parameter(`rg_lru/${name}/b`, [heads, block], 0.1),
  ];
  const title = `recurrent block [${rows}, ${steps}, ${width}], E ${inner}, ${heads} heads`;
  const flops = 2 * rows * steps * (3 * width * inner + 2 * inner * block);
  return {
    id: gradient ? `${group}-gradient` : group,
    title: gradient ? `${title}, with gradients` : title,
    group,
    op: 'recurrentBlock',
    mode,
    attrs: { heads },
    inputs: [
      x,
      ...linear('linear_x', width, inner),
      ...linear('linear_y', width, inner),
      parameter('conv_1d/w', [taps, inner], 0.5),
      parameter('conv_1d/b', [inner], 0.1),
      // a of 0.83 to 0.95 where a gate is half open: no root comes near zero, where its slope would have to be bounded.
      parameter('rg_lru/a_param', [inner], 0.3, -3.7),
      ...gate('input_gate'),
      ...gate('a_gate'),
      ...linear('linear_out', inner, width),
      ...(gradient ? [{ ...x, name: 'dy' }] : []),
    ],
    limit: { kind: 'gemm', amount: gradient ? 3 * flops : flops },
    tolerance: 1e-4,
    ...(gradient && group.endsWith('base') ? { tooSlowFor: ['tfjs-wasm'] } : {}),
  };
}
