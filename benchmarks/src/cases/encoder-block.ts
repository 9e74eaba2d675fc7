import type { Case, Input, Size } from '../types.ts';

const attention = 'MultiHeadDotProductAttention_0';

interface Sizes {
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
}

const tiny: Sizes = { batch: 2, tokens: 5, width: 12, heads: 3 };
/** The sizes of ViT-Ti/16 and of ViT-B/16 on images of 224 x 224 pixels. */
const small: Sizes = { batch: 8, tokens: 197, width: 192, heads: 3 };
const base: Sizes = { batch: 32, tokens: 197, width: 768, heads: 12 };

const kernel = (name: string, shape: number[], fanIn: number): Input => ({
  name,
  shape,
  dtype: 'float32',
  scale: 1 / Math.sqrt(fanIn),
});

const vector = (name: string, shape: number[], mean = 0): Input => ({
  name,
  shape,
  dtype: 'float32',
  scale: 0.1,
  mean,
});

/** Self-attention of a vision transformer with its linear layers, and its pre-LN encoder block; parameters by flax's names. */
export function encoderBlockCases(size: Size): Case[] {
  const of = (sizes: Sizes) => (size === 'full' ? sizes : tiny);
  return [
    oneCase('spaceAttention', 'space-attention', of(base), 'forward'),
    oneCase('spaceAttention', 'space-attention', of(base), 'gradient'),
    oneCase('encoderBlock', 'encoder-block', of(small), 'forward'),
    oneCase('encoderBlock', 'encoder-block', of(small), 'gradient'),
    oneCase('encoderBlock', 'encoder-block-base', of(base), 'forward'),
    oneCase('encoderBlock', 'encoder-block-base', of(base), 'gradient'),
  ];
}

function oneCase(
  op: 'spaceAttention' | 'encoderBlock',
  group: string,
  { batch, tokens, width, heads }: Sizes,
  mode: Case['mode'],
): Case {
  const hidden = 4 * width;
  const block = op === 'encoderBlock';
  const x: Input = { name: 'x', shape: [batch, tokens, width], dtype: 'float32' };
  const norm = (name: string) => [
    vector(`${name}/scale`, [width], 1),
    vector(`${name}/bias`, [width]),
  ];
  const perHead = [heads, width / heads];
  const ofAttention = [
    ...['query', 'key', 'value'].flatMap((name) => [
      kernel(`${attention}/${name}/kernel`, [width, ...perHead], width),
      vector(`${attention}/${name}/bias`, perHead),
    ]),
    kernel(`${attention}/out/kernel`, [...perHead, width], width),
    vector(`${attention}/out/bias`, [width]),
  ];
  const parameters = !block
    ? ofAttention
    : [
        ...norm('LayerNorm_0'),
        ...ofAttention,
        ...norm('LayerNorm_1'),
        kernel('MlpBlock_0/Dense_0/kernel', [width, hidden], width),
        vector('MlpBlock_0/Dense_0/bias', [hidden]),
        kernel('MlpBlock_0/Dense_1/kernel', [hidden, width], hidden),
        vector('MlpBlock_0/Dense_1/bias', [width]),
      ];
  const perToken = 4 * width * width + 2 * tokens * width + (block ? 2 * width * hidden : 0);
  const flops = 2 * batch * tokens * perToken;
  const gradient = mode === 'gradient';
  const title = `${block ? 'encoder block' : 'space attention'} [${batch}, ${tokens}, ${width}], ${heads} heads`;
  return {
    id: gradient ? `${group}-gradient` : group,
    title: gradient ? `${title}, with gradients` : title,
    group,
    op,
    mode,
    attrs: { heads, eps: 1e-6 },
    inputs: [x, ...parameters, ...(gradient ? [{ ...x, name: 'dy' }] : [])],
    limit: { kind: 'gemm', amount: gradient ? 3 * flops : flops },
    tolerance: 1e-4,
    ...(gradient && group !== 'encoder-block' ? { tooSlowFor: ['tfjs-wasm'] } : {}),
  };
}
