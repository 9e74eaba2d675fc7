import { hasCode, randomKey, randomNormal } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  layerNormNaive,
  normalInput,
  numericGradients,
  tolerances,
  toTensors,
} from '@neverend/backend/testing';
import { decodeSafetensors, encodeSafetensors, openNpz } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { encoderBlockNaive } from '../src/encoder-block/naive.ts';
import { type CheckpointArray, encoder, type VitLayout, vitParams } from '../src/index.ts';
import { blockParams } from './block-inputs.ts';
import { storedNpz } from './stored-npz.ts';

const [width, depth, heads, mlpWidth, patch, tokens, classes] = [4, 2, 2, 5, 2, 5, 3];
const sizes = { width, depth, heads, mlpWidth, patch, tokens, classes };

type Named = Record<string, { dtype: 'float32'; shape: number[]; data: Float32Array }>;

/** The names and shapes of a checkpoint, written down from the published ones, with numbers of their own for each. */
function made(shapes: Readonly<Record<string, number[]>>): Named {
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return [
        name,
        { dtype: 'float32' as const, shape, data: randomNormal(randomKey(name), size) },
      ];
    }),
  );
}

const flax: Record<string, number[]> = {
  'embedding/kernel': [2, 2, 3, 4],
  'embedding/bias': [4],
  cls: [1, 1, 4],
  'Transformer/posembed_input/pos_embedding': [1, 5, 4],
  'Transformer/encoder_norm/scale': [4],
  'Transformer/encoder_norm/bias': [4],
  'head/kernel': [4, 3],
  'head/bias': [3],
};
const timm: Record<string, number[]> = {
  cls_token: [1, 1, 4],
  pos_embed: [1, 5, 4],
  'patch_embed.proj.weight': [4, 3, 2, 2],
  'patch_embed.proj.bias': [4],
  'norm.weight': [4],
  'norm.bias': [4],
  'head.weight': [3, 4],
  'head.bias': [3],
};
const transformers: Record<string, number[]> = {
  'vit.embeddings.cls_token': [1, 1, 4],
  'vit.embeddings.position_embeddings': [1, 5, 4],
  'vit.embeddings.patch_embeddings.projection.weight': [4, 3, 2, 2],
  'vit.embeddings.patch_embeddings.projection.bias': [4],
  'vit.layernorm.weight': [4],
  'vit.layernorm.bias': [4],
  'classifier.weight': [3, 4],
  'classifier.bias': [3],
};
for (const index of [0, 1]) {
  const block = `Transformer/encoderblock_${index}`;
  const attention = `${block}/MultiHeadDotProductAttention_1`;
  for (const norm of ['LayerNorm_0', 'LayerNorm_2']) {
    flax[`${block}/${norm}/scale`] = [4];
    flax[`${block}/${norm}/bias`] = [4];
  }
  for (const name of ['query', 'key', 'value']) {
    flax[`${attention}/${name}/kernel`] = [4, 2, 2];
    flax[`${attention}/${name}/bias`] = [2, 2];
  }
  flax[`${attention}/out/kernel`] = [2, 2, 4];
  flax[`${attention}/out/bias`] = [4];
  flax[`${block}/MlpBlock_3/Dense_0/kernel`] = [4, 5];
  flax[`${block}/MlpBlock_3/Dense_0/bias`] = [5];
  flax[`${block}/MlpBlock_3/Dense_1/kernel`] = [5, 4];
  flax[`${block}/MlpBlock_3/Dense_1/bias`] = [4];
  const torch = (
    list: Record<string, number[]>,
    prefix: string,
    layers: Record<string, number[]>,
  ) => {
    for (const [name, shape] of Object.entries(layers)) {
      list[`${prefix}.${name}.weight`] = shape;
      list[`${prefix}.${name}.bias`] = shape.slice(0, 1);
    }
  };
  torch(timm, `blocks.${index}`, {
    norm1: [4],
    'attn.qkv': [12, 4],
    'attn.proj': [4, 4],
    norm2: [4],
    'mlp.fc1': [5, 4],
    'mlp.fc2': [4, 5],
  });
  torch(transformers, `vit.encoder.layer.${index}`, {
    'attention.attention.query': [4, 4],
    'attention.attention.key': [4, 4],
    'attention.attention.value': [4, 4],
    'attention.output.dense': [4, 4],
    layernorm_before: [4],
    layernorm_after: [4],
    'intermediate.dense': [5, 4],
    'output.dense': [4, 5],
  });
}
const shapesOf = { flax, timm, transformers };

/** A checkpoint through the bytes of its file and the reader of these. */
async function read(layout: VitLayout): Promise<Record<string, CheckpointArray>> {
  const arrays = made(shapesOf[layout]);
  if (layout !== 'flax') return decodeSafetensors(encodeSafetensors(arrays)).tensors;
  const npz = await openNpz(storedNpz(arrays));
  const entries: Record<string, CheckpointArray> = {};
  for await (const [name, array] of npz) entries[name] = array as CheckpointArray;
  return entries;
}

await describeBackends('the parameters of a ViT checkpoint', (backend) => {
  for (const layout of ['flax', 'timm', 'transformers'] as const) {
    it(`are those of a file of ${layout}: a linear layer is the same function`, async () => {
      await expectNoLeak(async () => {
        const arrays = await read(layout);
        const params = vitParams(arrays, layout, sizes);
        const param = async (name: string) => (params[name] as tf.Tensor).data<'float32'>();
        const file = (name: string, at: number) => Number(arrays[name]?.data[at]);
        // Output o of each layer by input i: in flax at [i, o], in PyTorch at [o, i].
        for (const [part, name] of ['query', 'key', 'value'].entries()) {
          const kernel = await param(
            `encoderblock_1/MultiHeadDotProductAttention_0/${name}/kernel`,
          );
          const bias = await param(`encoderblock_1/MultiHeadDotProductAttention_0/${name}/bias`);
          for (let o = 0; o < width; o++) {
            const path = {
              flax: `Transformer/encoderblock_1/MultiHeadDotProductAttention_1/${name}/`,
              timm: 'blocks.1.attn.qkv.',
              transformers: `vit.encoder.layer.1.attention.attention.${name}.`,
            }[layout];
            const row = layout === 'timm' ? part * width + o : o;
            expect(bias[o]).toBe(file(`${path}bias`, row));
            for (let i = 0; i < width; i++) {
              const [weight, at] =
                layout === 'flax' ? ['kernel', i * width + o] : ['weight', row * width + i];
              expect(kernel[i * width + o]).toBe(file(`${path}${weight}`, at));
            }
          }
        }
        const hidden = await param('encoderblock_0/MlpBlock_0/Dense_0/kernel');
        const [fc1, at] = {
          flax: ['Transformer/encoderblock_0/MlpBlock_3/Dense_0/kernel', 3 * mlpWidth + 2] as const,
          timm: ['blocks.0.mlp.fc1.weight', 2 * width + 3] as const,
          transformers: ['vit.encoder.layer.0.intermediate.dense.weight', 2 * width + 3] as const,
        }[layout];
        expect(hidden[3 * mlpWidth + 2]).toBe(file(fc1, at));
        // Row 1, column 0, channel 2 of a patch to number 3.
        const embedding = await param('embedding/kernel');
        const [conv, place] = {
          flax: ['embedding/kernel', ((2 * 1 + 0) * 3 + 2) * width + 3] as const,
          timm: ['patch_embed.proj.weight', ((3 * 3 + 2) * 2 + 1) * 2] as const,
          transformers: [
            'vit.embeddings.patch_embeddings.projection.weight',
            ((3 * 3 + 2) * 2 + 1) * 2,
          ] as const,
        }[layout];
        expect(embedding[((2 * 1 + 0) * 3 + 2) * width + 3]).toBe(file(conv, place));
        const shapes = Object.fromEntries(
          Object.entries(params).map(([name, { shape }]) => [name, shape]),
        );
        expect(shapes).toMatchObject({
          'embedding/kernel': [2, 2, 3, 4],
          cls: [1, 1, 4],
          pos_embedding: [1, 5, 4],
          'encoderblock_1/MultiHeadDotProductAttention_0/out/kernel': [2, 2, 4],
          'encoderblock_1/LayerNorm_1/bias': [4],
          'encoder_norm/scale': [4],
          'head/kernel': [4, 3],
        });
        expect(Object.keys(shapes)).toHaveLength(2 * 16 + 8);
        const x = tf.ones([1, 5, 4]);
        const y = encoder(x, params, { depth, heads });
        expect(y.shape).toEqual([1, 5, 4]);
        tf.dispose([params, x, y]);
      });
    });
  }

  it('make of an encoder what its blocks and its norm make one after the other', async () => {
    const blocks = [0, 1].map(() => blockParams(width, heads, mlpWidth));
    const params = toTensors({
      ...Object.fromEntries(
        blocks.flatMap((block, index) =>
          Object.entries(block).map(([name, input]) => [`encoderblock_${index}/${name}`, input]),
        ),
      ),
      'encoder_norm/scale': normalInput(randomKey('scale'), [width]),
      'encoder_norm/bias': normalInput(randomKey('bias'), [width]),
    });
    const [scale, bias] = (await Promise.all(
      ['scale', 'bias'].map(async (name) =>
        Float64Array.from(await (params[`encoder_norm/${name}`] as tf.Tensor).data()),
      ),
    )) as [Float64Array, Float64Array];
    const forward = (x: Float64Array) => {
      let y = x;
      for (const block of blocks) {
        const arrays = Object.fromEntries(
          Object.entries(block).map(([name, { data }]) => [name, data]),
        );
        y = encoderBlockNaive(y, arrays, { rows: 2, tokens: 3, width, heads });
      }
      return layerNormNaive({ x: y, scale, bias }, 1e-6);
    };
    const x = normalInput(randomKey('x'), [2, 3, width]);
    const dy = normalInput(randomKey('dy'), [2, 3, width]);
    const { rtol, atol } = tolerances[backend];
    await expectLikeReference({
      op: ({ x }) => encoder(x as tf.Tensor, params, { depth, heads }),
      inputs: { x },
      dy,
      y: forward(x.data),
      gradients: numericGradients({ x }, dy.data, (at) => forward(at['x'] as Float64Array)),
      // Seven norms over four numbers each multiply rounding by what they divide by.
      tolerance: { rtol: 10 * rtol, atol: 10 * atol },
    });
    await expectTensorClose(params['encoder_norm/scale'] as tf.Tensor, scale);
    tf.dispose(params);
  });
});

describe('a checkpoint that is not of these sizes', () => {
  it('is refused with every missing, unknown and misshapen entry in one error', async () => {
    const { cls_token: _, ...arrays } = await read('timm');
    const wrong = {
      ...arrays,
      'fc_norm.weight': { shape: [4], data: new Float32Array(4) },
      'blocks.1.attn.qkv.weight': { shape: [4, 12], data: new Float32Array(48) },
    };
    const read2 = () => vitParams(wrong, 'timm', sizes);
    expect(read2).toThrow(
      'arrays is no timm checkpoint of these sizes: cls_token is missing; ' +
        'blocks.1.attn.qkv.weight is [4, 12] and must be [12, 4]; fc_norm.weight is unknown',
    );
    const before = tf.memory().numTensors;
    try {
      read2();
    } catch (error) {
      expect(hasCode(error, 'NEVEREND_VIT_CHECKPOINT')).toBe(true);
    }
    expect(tf.memory().numTensors).toBe(before);
    expect(() => vitParams({}, 'flax', { ...sizes, heads: 3 })).toThrow('heads was 3');
  });

  it('is refused where an entry has fewer numbers than its shape says', async () => {
    const arrays = await read('timm');
    const short = { shape: [width], data: new Float32Array(width - 1) };
    expect(() => vitParams({ ...arrays, 'norm.weight': short }, 'timm', sizes)).toThrow(
      `norm.weight has ${width - 1} numbers and must have ${width}`,
    );
  });
});
