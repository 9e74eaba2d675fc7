import type { Case, Input, Size } from '../types.ts';

/** A pre-LN encoder block of a vision transformer; parameters by flax's names. */
export function encoderBlockCases(size: Size): Case[] {
  const [batch, tokens, width, heads] = size === 'full' ? [8, 197, 192, 3] : [2, 5, 12, 3];
  const hidden = 4 * width;
  const x: Input = { name: 'x', shape: [batch, tokens, width], dtype: 'float32' };
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
  const norm = (name: string) => [
    vector(`${name}/scale`, [width], 1),
    vector(`${name}/bias`, [width]),
  ];
  const attention = 'MultiHeadDotProductAttention_0';
  const perHead = [heads, width / heads];
  const parameters = [
    ...norm('LayerNorm_0'),
    ...['query', 'key', 'value'].flatMap((name) => [
      kernel(`${attention}/${name}/kernel`, [width, ...perHead], width),
      vector(`${attention}/${name}/bias`, perHead),
    ]),
    kernel(`${attention}/out/kernel`, [...perHead, width], width),
    vector(`${attention}/out/bias`, [width]),
    ...norm('LayerNorm_1'),
    kernel('MlpBlock_0/Dense_0/kernel', [width, hidden], width),
    vector('MlpBlock_0/Dense_0/bias', [hidden]),
    kernel('MlpBlock_0/Dense_1/kernel', [hidden, width], hidden),
    vector('MlpBlock_0/Dense_1/bias', [width]),
  ];
  const flops = 2 * batch * tokens * (4 * width * width + 2 * width * hidden + 2 * tokens * width);
  return (['forward', 'gradient'] as const).map((mode): Case => {
    const gradient = mode === 'gradient';
    return {
      id: gradient ? 'encoder-block-gradient' : 'encoder-block',
      title: `encoder block [${batch}, ${tokens}, ${width}], ${heads} heads${gradient ? ', with gradients' : ''}`,
      group: 'encoder-block',
      op: 'encoderBlock',
      mode,
      attrs: { heads, eps: 1e-6 },
      inputs: [x, ...parameters, ...(gradient ? [{ ...x, name: 'dy' }] : [])],
      limit: { kind: 'gemm', amount: gradient ? 3 * flops : flops },
      tolerance: 1e-4,
    };
  });
}
