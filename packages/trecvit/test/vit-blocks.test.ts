import { encoder, vitParams } from '@neverend/attention';
import { randomKey, randomNormal, randomUniform } from '@neverend/backend';
import { describeBackends, expectTensorClose, tolerances } from '@neverend/backend/testing';
import { subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initTRecViT, paramShapes, TRecViT, withVitBlocks } from '../src/index.ts';
import { tiny } from './tiny.ts';

/** A checkpoint in the layout of github.com/google-research/vision_transformer, for frames of 12 x 12 pixels in patches of 4. */
function flaxVit(patch = 4, side = 3) {
  const shapes: Record<string, number[]> = {
    'embedding/kernel': [patch, patch, 3, 8],
    'embedding/bias': [8],
    cls: [1, 1, 8],
    'Transformer/posembed_input/pos_embedding': [1, 1 + side * side, 8],
    'Transformer/encoder_norm/scale': [8],
    'Transformer/encoder_norm/bias': [8],
    'head/kernel': [8, 21],
    'head/bias': [21],
  };
  for (const index of [0, 1]) {
    const block = `Transformer/encoderblock_${index}`;
    const attention = `${block}/MultiHeadDotProductAttention_1`;
    for (const part of ['scale', 'bias']) {
      shapes[`${block}/LayerNorm_0/${part}`] = [8];
      shapes[`${block}/LayerNorm_2/${part}`] = [8];
    }
    for (const name of ['query', 'key', 'value']) {
      shapes[`${attention}/${name}/kernel`] = [8, 2, 4];
      shapes[`${attention}/${name}/bias`] = [2, 4];
    }
    Object.assign(shapes, {
      [`${attention}/out/kernel`]: [2, 4, 8],
      [`${attention}/out/bias`]: [8],
      [`${block}/MlpBlock_3/Dense_0/kernel`]: [8, 12],
      [`${block}/MlpBlock_3/Dense_0/bias`]: [12],
      [`${block}/MlpBlock_3/Dense_1/kernel`]: [12, 8],
      [`${block}/MlpBlock_3/Dense_1/bias`]: [8],
    });
  }
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const data = randomNormal(randomKey('vit', name), size).map((x) => 0.4 * x);
      return [name, { shape, data: Float32Array.from(data) }];
    }),
  );
}

/** A checkpoint of timm with LayerScale and without a class token, for images of 3 x 3 patches. */
function timmVit() {
  const shapes: Record<string, number[]> = {
    'patch_embed.proj.weight': [8, 3, 4, 4],
    'patch_embed.proj.bias': [8],
    pos_embed: [1, 9, 8],
    'norm.weight': [8],
    'norm.bias': [8],
  };
  for (const index of [0, 1]) {
    const block = `blocks.${index}`;
    for (const norm of ['norm1', 'norm2']) {
      shapes[`${block}.${norm}.weight`] = [8];
      shapes[`${block}.${norm}.bias`] = [8];
    }
    const layers = {
      'attn.qkv': [24, 8],
      'attn.proj': [8, 8],
      'mlp.fc1': [12, 8],
      'mlp.fc2': [8, 12],
    };
    for (const [name, [rows = 1, columns = 1]] of Object.entries(layers)) {
      shapes[`${block}.${name}.weight`] = [rows, columns];
      shapes[`${block}.${name}.bias`] = [rows];
    }
    shapes[`${block}.ls1.gamma`] = [8];
    shapes[`${block}.ls2.gamma`] = [8];
  }
  return Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const data = randomNormal(randomKey('timm', name), size).map((x) => 0.4 * x);
      return [name, { shape, data }];
    }),
  );
}

const config = { ...tiny, imageSize: [12, 12] as const };
const isEncoder = (name: string) => /^encoder\/encode/.test(name);

await describeBackends('a vision transformer in a model', (backend) => {
  const close = tolerances[backend];

  it('gives for one frame what it gives alone, where the blocks over time add nothing', async () => {
    const vit = flaxVit();
    const { params, kept, unused } = withVitBlocks(initTRecViT(randomKey(1), config), vit, config, {
      layout: 'flax',
    });
    expect(kept.filter((name) => !/residualblock|^decoder/.test(name))).toEqual([]);
    expect(unused).toEqual(['head/kernel', 'head/bias']);
    // Residual blocks that add 0.
    const silent = Object.fromEntries(
      Object.entries(params).map(([name, tensor]) => [
        name,
        name.includes('linear_out') ? tf.zerosLike(tensor) : tensor,
      ]),
    );
    const pixels = randomUniform(randomKey('frame'), 12 * 12 * 3);
    const frame = tf.tensor(pixels, [1, 1, 12, 12, 3]);
    const model = new TRecViT(config, silent);
    const { features } = model.forward(frame);

    const expected = tf.tidy(() => {
      const at = (name: string) => {
        const array = vit[name] as { shape: number[]; data: Float32Array };
        return tf.tensor(array.data, array.shape);
      };
      // As the ViT was trained: colours in [-1, 1].
      const image = tf.sub(tf.mul(tf.reshape(frame, [12, 12, 3]), 2), 1);
      const rows: tf.Tensor[] = [];
      const kernel = tf.reshape(at('embedding/kernel'), [48, 8]);
      for (let row = 0; row < 3; row++) {
        for (let column = 0; column < 3; column++) {
          const patch = tf.slice(image, [4 * row, 4 * column, 0], [4, 4, 3]);
          rows.push(tf.matMul(tf.reshape(patch, [1, 48]), kernel as tf.Tensor2D));
        }
      }
      const patches = tf.add(tf.concat(rows, 0), at('embedding/bias'));
      const tokens = tf.concat([at('cls'), tf.expandDims(patches, 0)], 1);
      const placed = tf.add(tokens, at('Transformer/posembed_input/pos_embedding'));
      return encoder(placed, subtree(params, 'encoder/'), { heads: 2, depth: 2 });
    });
    const data = await expected.data();
    await expectTensorClose(tf.reshape(features, [1, 10, 8]), { shape: [1, 10, 8], data }, close);
    // Its blocks are the checkpoint's.
    const query = 'MultiHeadDotProductAttention_';
    const taken = params[`encoder/encoderblock_1/${query}0/query/kernel`] as tf.Tensor;
    const source = vit[`Transformer/encoderblock_1/${query}1/query/kernel`]?.data;
    expect(await taken.data()).toEqual(source);
  });

  it('keeps what does not fit as it was, and says so', async () => {
    const before = initTRecViT(randomKey(1), { ...tiny, pooling: 'average' });
    const kernel = await (before['tokenizer/embedding/kernel'] as tf.Tensor).data();
    const options = { layout: 'flax', patch: 2 } as const;
    const average = { ...tiny, pooling: 'average' as const };
    const { params, kept, unused } = withVitBlocks(before, flaxVit(2), average, options);
    expect(unused).toEqual([
      'head/kernel',
      'head/bias',
      'embedding/kernel',
      'embedding/bias',
      'cls',
    ]);
    expect(kept.filter((name) => name.startsWith('tokenizer/'))).toEqual([
      'tokenizer/embedding/kernel',
      'tokenizer/embedding/bias',
    ]);
    expect(Object.keys(params).filter((name) => isEncoder(name) && kept.includes(name))).toEqual(
      [],
    );
    expect(await (params['tokenizer/embedding/kernel'] as tf.Tensor).data()).toEqual(kernel);
    // A grid of 2 x 3 from one of 3 x 3: its middle row goes.
    const positions = await (params['tokenizer/pos_embedding'] as tf.Tensor).data();
    const old = flaxVit(2)['Transformer/posembed_input/pos_embedding']?.data as Float32Array;
    await expectTensorClose(
      tf.tensor(positions, [6, 8]),
      { shape: [6, 8], data: [...old.subarray(8, 32), ...old.subarray(56, 80)] },
      close,
    );
    const shapes = Object.entries(params).map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual(paramShapes(average));
    tf.dispose(params);
  });

  it('has its LayerScale in the layers before it, and needs no class token', async () => {
    const fresh = initTRecViT(randomKey(1), config);
    const cls = await (fresh['tokenizer/cls'] as tf.Tensor).data();
    const { params, kept, unused } = withVitBlocks(fresh, timmVit(), config, { layout: 'timm' });
    expect(unused).toEqual([]);
    expect(kept).toContain('tokenizer/cls');
    expect(await (params['tokenizer/cls'] as tf.Tensor).data()).toEqual(cls);
    const vit = vitParams(timmVit(), 'timm', { heads: 2 });
    const x = tf.tensor(randomNormal(randomKey('x'), 2 * 9 * 8), [2, 9, 8]);
    const options = { heads: 2, depth: 2 } as const;
    const expected = encoder(x, vit, { ...options, layerScale: true });
    const y = encoder(x, subtree(params, 'encoder/'), options);
    await expectTensorClose(y, { shape: [2, 9, 8], data: await expected.data() }, close);
    tf.dispose([params, vit, x, expected, y]);
  });

  it('is refused where its blocks do what those of the model do not', () => {
    const params = initTRecViT(randomKey(1), config);
    const norms = [0, 1].flatMap((index) =>
      ['q_norm', 'k_norm'].flatMap((name) =>
        ['weight', 'bias'].map((part) => [
          `blocks.${index}.attn.${name}.${part}`,
          { shape: [4], data: new Float32Array(4) },
        ]),
      ),
    );
    const { numTensors } = tf.memory();
    const arrays = { ...timmVit(), ...Object.fromEntries(norms) };
    expect(() => withVitBlocks(params, arrays, config, { layout: 'timm' })).toThrow(
      'arrays has encoderblock_0/MultiHeadDotProductAttention_0/query_ln/scale [4], which blocks of the model do not have',
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose(params);
  });

  it('is refused where it is of other sizes, and the parameters stay', () => {
    const params = initTRecViT(randomKey(1), config);
    const { numTensors } = tf.memory();
    const refused = (arrays: ReturnType<typeof flaxVit>) =>
      expect(() => withVitBlocks(params, arrays, config, { layout: 'flax' }));
    const { cls: _, ...rest } = flaxVit();
    refused(rest as ReturnType<typeof flaxVit>).toThrow('cls is missing');
    const more = {
      'Transformer/encoderblock_2/LayerNorm_0/scale': { shape: [8], data: new Float32Array(8) },
    };
    refused({ ...flaxVit(), ...more }).toThrow('encoderblock_2/LayerNorm_0/scale is unknown');
    refused({}).toThrow('arrays is no flax checkpoint: ');
    const six = { shape: [1, 6, 8], data: new Float32Array(48) };
    refused({ ...flaxVit(), 'Transformer/posembed_input/pos_embedding': six }).toThrow(
      'arrays had 6 positions; they must be those of a class token and a square of patches',
    );
    expect(tf.memory().numTensors).toBe(numTensors);
    tf.dispose(params);
  });
});
