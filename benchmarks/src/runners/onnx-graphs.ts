import type { Case, Op } from '../types.ts';
import type { OnnxNode } from './onnx-model.ts';

type Graph = (wanted: Case) => readonly OnnxNode[];

/** The nodes that compute `y` of a case, where ONNX Runtime has such an operation. */
export const graphs: Readonly<Partial<Record<Op, Graph>>> = {
  matMul: ({ attrs, inputs }) => {
    const rank = inputs[0]?.shape.length ?? 2;
    const swapped = rank === 2 ? [1, 0] : [0, 2, 1];
    const transpose = (name: string): OnnxNode => ({
      op: 'Transpose',
      inputs: [name],
      output: `${name}T`,
      attributes: { perm: swapped },
    });
    const a = attrs['transposeA'] === true;
    const b = attrs['transposeB'] === true;
    return [
      // It merges them into the product.
      ...(a ? [transpose('a')] : []),
      ...(b ? [transpose('b')] : []),
      { op: 'MatMul', inputs: [a ? 'aT' : 'a', b ? 'bT' : 'b'], output: 'y' },
    ];
  },
  softmax: () => [{ op: 'Softmax', inputs: ['x'], output: 'y' }],
  layerNorm: ({ attrs }) => [
    {
      op: 'LayerNormalization',
      inputs: ['x', 'scale', 'bias'],
      output: 'y',
      attributes: { epsilon: { float: Number(attrs['eps']) } },
    },
  ],
  rmsNorm: ({ attrs }) => [
    {
      op: 'RMSNormalization',
      inputs: ['x', 'scale'],
      output: 'y',
      attributes: { epsilon: { float: Number(attrs['eps']) } },
    },
  ],
  gelu: () => [{ op: 'FastGelu', inputs: ['x', 'bias'], output: 'y', domain: 'com.microsoft' }],
  gatherRows: () => [{ op: 'Gather', inputs: ['table', 'indices'], output: 'y' }],
  spaceAttention: ({ attrs }) => attend('x', Number(attrs['heads']), 'y'),
  encoderBlock: (wanted) => encoderBlock(wanted),
};

const product = (x: string, kernel: string, output: string): OnnxNode => ({
  op: 'MatMul',
  inputs: [x, kernel],
  output,
});

const add = (a: string, b: string, output: string): OnnxNode => ({
  op: 'Add',
  inputs: [a, b],
  output,
});

/** Its kernels are matrices: the heads' axes joined. */
function attend(x: string, heads: number, output: string): OnnxNode[] {
  const attention = 'MultiHeadDotProductAttention_0';
  return [
    ...['query', 'key', 'value'].flatMap((name) => [
      product(x, `${attention}/${name}/kernel`, `${name}/xw`),
      add(`${name}/xw`, `${attention}/${name}/bias`, name),
    ]),
    {
      op: 'Attention',
      inputs: ['query', 'key', 'value'],
      output: 'context',
      attributes: { q_num_heads: heads, kv_num_heads: heads },
    },
    product('context', `${attention}/out/kernel`, 'out/xw'),
    add('out/xw', `${attention}/out/bias`, output),
  ];
}

function encoderBlock({ attrs }: Case): OnnxNode[] {
  const epsilon = { float: Number(attrs['eps']) };
  const norm = (x: string, name: string): OnnxNode => ({
    op: 'LayerNormalization',
    inputs: [x, `${name}/scale`, `${name}/bias`],
    output: `${name}/y`,
    attributes: { epsilon },
  });
  return [
    norm('x', 'LayerNorm_0'),
    ...attend('LayerNorm_0/y', Number(attrs['heads']), 'out'),
    add('x', 'out', 'attended'),
    norm('attended', 'LayerNorm_1'),
    product('LayerNorm_1/y', 'MlpBlock_0/Dense_0/kernel', 'hidden'),
    {
      op: 'FastGelu',
      inputs: ['hidden', 'MlpBlock_0/Dense_0/bias'],
      output: 'active',
      domain: 'com.microsoft',
    },
    product('active', 'MlpBlock_0/Dense_1/kernel', 'mlp/xw'),
    add('mlp/xw', 'MlpBlock_0/Dense_1/bias', 'mlp'),
    add('attended', 'mlp', 'y'),
  ];
}
