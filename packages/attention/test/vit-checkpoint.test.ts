import { hasCode, NeverendError, randomKey, randomNormal, ShapeError } from '@neverend/backend';
import { describeBackends, expectNoLeak, storedNpz } from '@neverend/backend/testing';
import { decodeSafetensors, encodeSafetensors, openNpz } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type CheckpointArray, loadVit, type VitLayout, vitParams } from '../src/index.ts';
import { blockParams } from './block-inputs.ts';

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

/** A file's name of what comes before the last part of a parameter's name; a block's number is in its place. */
const layerNames: Readonly<Record<VitLayout, Readonly<Record<string, string>>>> = {
  flax: {
    embedding: 'embedding',
    cls: 'cls',
    pos_embedding: 'Transformer/posembed_input/pos_embedding',
    encoder_norm: 'Transformer/encoder_norm',
    head: 'head',
    LayerNorm_0: 'Transformer/encoderblock_#/LayerNorm_0',
    LayerNorm_1: 'Transformer/encoderblock_#/LayerNorm_2',
    query: 'Transformer/encoderblock_#/MultiHeadDotProductAttention_1/query',
    key: 'Transformer/encoderblock_#/MultiHeadDotProductAttention_1/key',
    value: 'Transformer/encoderblock_#/MultiHeadDotProductAttention_1/value',
    out: 'Transformer/encoderblock_#/MultiHeadDotProductAttention_1/out',
    Dense_0: 'Transformer/encoderblock_#/MlpBlock_3/Dense_0',
    Dense_1: 'Transformer/encoderblock_#/MlpBlock_3/Dense_1',
  },
  timm: {
    embedding: 'patch_embed.proj',
    cls: 'cls_token',
    pos_embedding: 'pos_embed',
    encoder_norm: 'norm',
    head: 'head',
    LayerNorm_0: 'blocks.#.norm1',
    LayerNorm_1: 'blocks.#.norm2',
    query: 'blocks.#.attn.qkv',
    key: 'blocks.#.attn.qkv',
    value: 'blocks.#.attn.qkv',
    out: 'blocks.#.attn.proj',
    Dense_0: 'blocks.#.mlp.fc1',
    Dense_1: 'blocks.#.mlp.fc2',
  },
  transformers: {
    embedding: 'vit.embeddings.patch_embeddings.projection',
    cls: 'vit.embeddings.cls_token',
    pos_embedding: 'vit.embeddings.position_embeddings',
    encoder_norm: 'vit.layernorm',
    head: 'classifier',
    LayerNorm_0: 'vit.encoder.layer.#.layernorm_before',
    LayerNorm_1: 'vit.encoder.layer.#.layernorm_after',
    query: 'vit.encoder.layer.#.attention.attention.query',
    key: 'vit.encoder.layer.#.attention.attention.key',
    value: 'vit.encoder.layer.#.attention.attention.value',
    out: 'vit.encoder.layer.#.attention.output.dense',
    Dense_0: 'vit.encoder.layer.#.intermediate.dense',
    Dense_1: 'vit.encoder.layer.#.output.dense',
  },
};

/** The entry of a file that has a parameter's number, and where in it: a layer must be the same function. */
function placeOf(layout: VitLayout, name: string, shape: readonly number[], index: number) {
  const parts = name.split('/');
  const last = parts.length === 1 ? undefined : parts.pop();
  const layer = parts.at(-1) ?? '';
  const block = /^encoderblock_(\d)/.exec(name)?.[1] ?? '';
  const entry = layerNames[layout][layer]?.replace('#', block) ?? '';
  if (layout === 'flax') return [last === undefined ? entry : `${entry}/${last}`, index] as const;
  if (last === undefined) return [entry, index] as const;
  // timm has the rows of queries, keys and values in one matrix.
  const above = layout === 'timm' ? ['query', 'key', 'value'].indexOf(layer) * width : 0;
  const first = Math.max(above, 0);
  if (last === 'bias') return [`${entry}.bias`, first + index] as const;
  if (last === 'scale') return [`${entry}.weight`, index] as const;
  const outputs = shape.length === 3 ? width : (shape.at(-1) ?? 1);
  const inputs = shape.reduce((product, n) => product * n, 1) / outputs;
  const [input, output] = [Math.floor(index / outputs), index % outputs];
  if (layer !== 'embedding') return [`${entry}.weight`, (first + output) * inputs + input] as const;
  // A patch is rows, columns, channels here and channels, rows, columns there.
  const [pixel, channel] = [Math.floor(input / 3), input % 3];
  return [`${entry}.weight`, (output * 3 + channel) * patch ** 2 + pixel] as const;
}

await describeBackends('the parameters of a ViT checkpoint', () => {
  for (const layout of ['flax', 'timm', 'transformers'] as const) {
    it(`are those of a file of ${layout}, each number in its place`, async () => {
      await expectNoLeak(async () => {
        const arrays = await read(layout);
        const params = vitParams(arrays, layout, sizes);
        const shapes = Object.fromEntries(
          Object.entries(params).map(([name, { shape }]) => [name, shape]),
        );
        const block = Object.entries(blockParams(width, heads, mlpWidth));
        expect(shapes).toEqual({
          'embedding/kernel': [2, 2, 3, 4],
          'embedding/bias': [4],
          cls: [1, 1, 4],
          pos_embedding: [1, 5, 4],
          'encoder_norm/scale': [4],
          'encoder_norm/bias': [4],
          'head/kernel': [4, 3],
          'head/bias': [3],
          ...Object.fromEntries(
            [0, 1].flatMap((index) =>
              block.map(([name, { shape }]) => [`encoderblock_${index}/${name}`, shape]),
            ),
          ),
        });
        const used = new Set<string>();
        for (const [name, param] of Object.entries(params)) {
          const expected = Array.from({ length: param.size }, (_, index) => {
            const [entry, at] = placeOf(layout, name, param.shape, index);
            used.add(entry);
            return Number(arrays[entry]?.data[at]);
          });
          expect([name, ...(await param.data())]).toEqual([name, ...expected]);
        }
        expect([...used].sort()).toEqual(Object.keys(arrays).sort());
        tf.dispose(params);
      });
    });
  }
});

describe('the sizes of a checkpoint', () => {
  it.each([
    ['flax', {}],
    ['timm', { heads }],
    ['transformers', { heads }],
  ] as const)('are those of its arrays: %s', async (layout, given) => {
    const arrays = await read(layout);
    const [params, expected] = [
      vitParams(arrays, layout, { ...given, classes }),
      vitParams(arrays, layout, sizes),
    ];
    expect(Object.keys(params)).toEqual(Object.keys(expected));
    for (const [name, param] of Object.entries(params)) {
      expect([name, ...param.shape, ...(await param.data())]).toEqual([
        ...[name, ...(expected[name]?.shape ?? [])],
        ...((await expected[name]?.data()) ?? []),
      ]);
    }
    tf.dispose([params, expected]);
  });

  it('that its arrays do not have must be given', async () => {
    for (const layout of ['timm', 'transformers'] as const) {
      const arrays = await read(layout);
      expect(() => vitParams(arrays, layout)).toThrow(
        new ShapeError(`heads was not given; checkpoints of ${layout} do not say how many`),
      );
    }
    const { 'patch_embed.proj.weight': _, ...without } = await read('timm');
    expect(() => vitParams(without, 'timm', { heads })).toThrow(
      'arrays is no timm checkpoint: patch_embed.proj.weight is missing',
    );
  });
});

describe('the names of a checkpoint', () => {
  const renamed = (arrays: Record<string, CheckpointArray>, change: (name: string) => string) =>
    Object.fromEntries(Object.entries(arrays).map(([name, array]) => [change(name), array]));

  it.each([
    ['timm', 'module.'],
    ['transformers', 'model.backbone.'],
    ['flax', 'ema/'],
    ['timm', 'ema_'],
    ['flax', 'ema_'],
  ] as const)('that begin with something else are one line: %s', async (layout, prefix) => {
    const wrong = renamed(await read(layout), (name) => prefix + name);
    for (const call of [() => vitParams(wrong, layout, sizes), () => loadVit(wrong)]) {
      expect(call).toThrow(
        new NeverendError(
          'NEVEREND_VIT_CHECKPOINT',
          `arrays is no ${layout} checkpoint: all names begin with \`${prefix}\``,
        ),
      );
    }
    const options = { prefix, heads, gelu: 'erf', eps: 1e-6 } as const;
    const { params } = loadVit(wrong, options);
    expect(params['head/kernel']?.shape).toEqual([4, 3]);
    tf.dispose(params);
  });

  it('below a prefix are those of the file without it, whatever stands beside them', async () => {
    const options = { heads, gelu: 'erf', eps: 1e-6 } as const;
    const alone = await read('timm');
    const backbone = renamed(alone, (name) => `backbone.${name}`);
    const other = { shape: [4, 4], data: new Float32Array(16) };
    const beside = { ...backbone, 'head.mlp.0.weight': other, 'backbones.norm.weight': other };
    const [params, expected] = [
      loadVit(beside, { ...options, prefix: 'backbone.' }).params,
      loadVit(alone, options).params,
    ];
    expect(Object.keys(params)).toEqual(Object.keys(expected));
    tf.dispose([params, expected]);
  });

  it('are told by the prefix that is given, which must stand before some', async () => {
    const options = { heads, gelu: 'erf', eps: 1e-6 } as const;
    const arrays = await read('timm');
    const load = (prefix: unknown, given = arrays) =>
      loadVit(given, { ...options, prefix: prefix as string });
    expect(() => load('module.')).toThrow(
      new NeverendError(
        'NEVEREND_VIT_CHECKPOINT',
        'prefix was "module."; no name of arrays begins with it: the first one is blocks.0.attn.proj.bias',
      ),
    );
    expect(() => load('blocks.')).toThrow(/it has none of .*blocks\.patch_embed\.proj\.weight/);
    expect(() => load(5)).toThrow(
      new TypeError('prefix was 5; it must be what stands before names, such as "module."'),
    );
    const deeper = renamed(arrays, (name) => `module.backbone.${name}`);
    expect(() => load('module.', deeper)).toThrow('all names begin with `module.backbone.`');
    const inner = renamed(await read('transformers'), (name) => `module.${name}`);
    const { 'module.vit.layernorm.bias': _, 'module.classifier.bias': __, ...without } = inner;
    expect(() => load('module.', without)).toThrow(
      'module.vit.layernorm.bias is missing; module.classifier.bias is missing',
    );
  });

  it('of which some begin with something else are one line too', async () => {
    const wrong = renamed(await read('timm'), (name) => `teacher.${name}`);
    const mixed = { ...wrong, step: { shape: [1], data: new Float32Array(1) } };
    expect(() => vitParams(mixed, 'timm', sizes)).toThrow(
      new NeverendError(
        'NEVEREND_VIT_CHECKPOINT',
        'arrays is no timm checkpoint: its names begin with `teacher.`',
      ),
    );
  });

  it('of another layout are said to be those', async () => {
    const arrays = await read('transformers');
    expect(() => vitParams(arrays, 'timm', sizes)).toThrow(
      'arrays is no timm checkpoint: its names are those of transformers',
    );
    expect(() => loadVit({ 'conv1.weight': { shape: [1], data: [1] } })).toThrow(
      'arrays is no checkpoint of a vision transformer: it has none of embedding/kernel, patch_embed.proj.weight, ' +
        'embeddings.patch_embeddings.projection.weight, embeddings.patch_embedding.weight',
    );
  });

  it('are ten in an error, and how many more', async () => {
    const one = { shape: [1], data: new Float32Array(1) };
    const others = Object.fromEntries(
      Array.from({ length: 1000 }, (_, index) => [`layer${index}.convolution.weight`, one]),
    );
    const arrays = await read('timm');
    const message = (call: () => unknown) => {
      try {
        call();
      } catch (error) {
        return (error as Error).message;
      }
      return '';
    };
    const some = message(() => vitParams({ ...arrays, ...others }, 'timm', sizes));
    expect(some).toMatch(/layer9\.convolution\.weight is unknown; and 990 more$/);
    const none = message(() => vitParams(others, 'timm', { ...sizes, depth: 48 }));
    expect(none).toMatch(/^arrays is no timm .* patch_embed\.proj\.weight is missing; .* more$/);
    expect(none.length).toBeLessThan(600);
  });

  it.each([
    [
      'timm',
      (name: string) => name.replace(/^(blocks\.\d)\.ls(\d)\.gamma$/, '$1.gamma_$2'),
      'deit3',
    ],
    ['flax', (name: string) => name.replace('Transformer/', 'Encoder_0/'), 'encoder'],
    ['flax', (name: string) => name.replace('MAPHead_0/', ''), 'pooling'],
  ] as const)('that a package once had are known: %s %#', async (layout, change, _) => {
    const shapes: Record<string, number[]> = { ...shapesOf[layout] };
    if (layout === 'timm') {
      for (const index of [0, 1]) {
        shapes[`blocks.${index}.ls1.gamma`] = [4];
        shapes[`blocks.${index}.ls2.gamma`] = [4];
      }
    } else {
      Object.assign(shapes, {
        'MAPHead_0/probe': [1, 1, 4],
        'MAPHead_0/LayerNorm_0/scale': [4],
        'MAPHead_0/LayerNorm_0/bias': [4],
        'MAPHead_0/MlpBlock_0/Dense_0/kernel': [4, 7],
        'MAPHead_0/MlpBlock_0/Dense_0/bias': [7],
        'MAPHead_0/MlpBlock_0/Dense_1/kernel': [7, 4],
        'MAPHead_0/MlpBlock_0/Dense_1/bias': [4],
      });
      for (const name of ['query', 'key', 'value', 'out']) {
        const layer = `MAPHead_0/MultiHeadDotProductAttention_0/${name}`;
        shapes[`${layer}/kernel`] = name === 'out' ? [2, 2, 4] : [4, 2, 2];
        shapes[`${layer}/bias`] = name === 'out' ? [4] : [2, 2];
      }
    }
    const now = made(shapes);
    const then = renamed(now, change);
    expect(Object.keys(then)).not.toEqual(Object.keys(now));
    const [params, expected] = [
      vitParams(then, layout, { ...sizes, classes: undefined }),
      vitParams(now, layout, { ...sizes, classes: undefined }),
    ];
    expect(Object.keys(params).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, param] of Object.entries(params)) {
      expect([name, ...(await param.data())]).toEqual([
        name,
        ...((await expected[name]?.data()) ?? []),
      ]);
    }
    tf.dispose([params, expected]);
  });

  it('of layers without a bias give biases of zeros, where all blocks lack it', async () => {
    const arrays = await read('timm');
    const { 'blocks.1.attn.qkv.bias': _, ...one } = arrays;
    expect(() => vitParams(one, 'timm', sizes)).toThrow('blocks.1.attn.qkv.bias is missing');
    const { 'vit.encoder.layer.1.attention.attention.key.bias': ____, ...key } =
      await read('transformers');
    expect(() => vitParams(key, 'transformers', sizes)).toThrow(
      ' of these sizes: vit.encoder.layer.1.attention.attention.key.bias is missing',
    );
    const { 'blocks.0.attn.qkv.bias': __, ...none } = one;
    const params = vitParams(none, 'timm', sizes);
    const bias = params['encoderblock_1/MultiHeadDotProductAttention_0/key/bias'];
    expect([bias?.shape, [...((await bias?.data()) ?? [])]]).toEqual([
      [2, 2],
      [0, 0, 0, 0],
    ]);
    tf.dispose(params);
    const { 'head.bias': ___, ...headless } = arrays;
    expect(() => vitParams(headless, 'timm', sizes)).toThrow('head.bias is missing');
  });
});

describe('what is no checkpoint', () => {
  const array = { shape: [1], data: [1] };

  it.each([
    [undefined, 'arrays was undefined; it must be an object of arrays by name'],
    [null, 'arrays was null; it must be an object of arrays by name'],
    [
      new Map([['norm', array]]),
      'arrays was a Map; it must be an object of arrays by name, as Object.fromEntries makes of it',
    ],
    [[array], 'arrays was a list; it must be an object of arrays by name'],
    ['vit', 'arrays was "vit"; it must be an object of arrays by name'],
    [
      { norm: undefined },
      'arrays["norm"] was undefined; it must be { shape, data }, as readers of',
    ],
    [{ norm: 5 }, 'arrays["norm"] was 5; it must be { shape, data }'],
    [{ norm: { data: [1] } }, 'arrays["norm"].shape was undefined; it must be a list of sizes'],
    [{ norm: { shape: [1] } }, 'arrays["norm"].data was undefined; it must be a list of numbers'],
    [
      { norm: { shape: [-1], data: [1] } },
      'arrays["norm"].shape was a list; it must be a list of s',
    ],
  ])('is one sentence: %j', (given, message) => {
    const arrays = given as Record<string, CheckpointArray>;
    for (const call of [() => loadVit(arrays), () => vitParams(arrays, 'timm', { heads })]) {
      expect(call).toThrow(TypeError);
      expect(call).toThrow(message);
    }
  });

  it('is a list of tensors', async () => {
    const tensor = tf.zeros([4]);
    const arrays = { ...(await read('timm')), 'norm.bias': tensor as unknown as CheckpointArray };
    expect(() => vitParams(arrays, 'timm', sizes)).toThrow(
      new TypeError(
        'arrays["norm.bias"] was a tensor; it must be { shape, data }, as readers of checkpoints give it',
      ),
    );
    tensor.dispose();
  });
});

describe('one fault', () => {
  const zeros = (...shape: number[]): CheckpointArray => ({
    shape,
    data: new Float32Array(shape.reduce((product, length) => product * length, 1)),
  });
  const query = 'Transformer/encoderblock_0/MultiHeadDotProductAttention_1/query';
  const pool = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, zeros(4)]));

  it.each([
    [
      'timm',
      { 'blocks.0.mlp.fc1.weight': zeros(7, 4) },
      ' of these sizes: blocks.0.mlp.fc1.weight is [7, 4] and must be [5, 4]',
    ],
    [
      'timm',
      { 'blocks.0.mlp.fc1.weight': zeros(10, 4) },
      ' of these sizes: blocks.0.mlp.fc1.weight is [10, 4] and must be [5, 4]',
    ],
    [
      'timm',
      { 'patch_embed.proj.weight': zeros(6, 3, 2, 2) },
      ' of these sizes: patch_embed.proj.weight is [6, 3, 2, 2] and must be [4, 3, 2, 2]',
    ],
    [
      'timm',
      { pos_embed: zeros(1, 2, 2, 4) },
      ': pos_embed is [1, 2, 2, 4] and must be [1, tokens, 4]',
    ],
    ['timm', { pos_embed: zeros(1, 0, 4) }, ': pos_embed is [1, 0, 4] and must be [1, tokens, 4]'],
    [
      'timm',
      { 'patch_embed.proj.weight': zeros(1, 4, 3, 2, 2) },
      ': patch_embed.proj.weight is [1, 4, 3, 2, 2] and must be [4, channels, patch, patch]',
    ],
    [
      'timm',
      { 'patch_embed.proj.weight': zeros(2, 2, 3, 4) },
      ': patch_embed.proj.weight is [2, 2, 3, 4] and must be [4, channels, patch, patch]',
    ],
    [
      'flax',
      { 'embedding/kernel': zeros(4, 3, 2, 2) },
      ': embedding/kernel is [4, 3, 2, 2] and must be [patch, patch, channels, 4]',
    ],
    [
      'timm',
      { 'head.weight': zeros(1, 3, 4) },
      ' of these sizes: head.weight is [1, 3, 4] and must be [3, 4]',
    ],
    [
      'transformers',
      { 'classifier.weight': zeros(1, 3, 4) },
      ' of these sizes: classifier.weight is [1, 3, 4] and must be [3, 4]',
    ],
    [
      'timm',
      { 'blocks.0.mlp.fc1.weight': zeros(1, 5, 4) },
      ' of these sizes: blocks.0.mlp.fc1.weight is [1, 5, 4] and must be [5, 4]',
    ],
    ['flax', { [`${query}/kernel`]: undefined }, ` of these sizes: ${query}/kernel is missing`],
    [
      'flax',
      { [`${query}/kernel`]: zeros(4, 4) },
      ` of these sizes: ${query}/kernel is [4, 4] and must be [4, 2, 2]`,
    ],
    ['timm', { 'head.weight': undefined }, ' of these sizes: head.weight is missing'],
    ['flax', { 'head/kernel': undefined }, ' of these sizes: head/kernel is missing'],
    [
      'transformers',
      { 'classifier.weight': undefined },
      ' of these sizes: classifier.weight is missing',
    ],
    ['timm', { 'norm.weight': undefined }, ' of these sizes: norm.weight is missing'],
    ['timm', { 'fc_norm.bias': zeros(4) }, ' of these sizes: fc_norm.weight is missing'],
    [
      'transformers',
      { 'vit.layernorm.bias': undefined },
      ' of these sizes: vit.layernorm.bias is missing',
    ],
    [
      'timm',
      { dist_token: zeros(1, 1, 4), pos_embed: zeros(1, 6, 4) },
      ' of these sizes: head_dist.weight is missing; head_dist.bias is missing',
    ],
    [
      'timm',
      { 'head_dist.weight': zeros(3, 4), 'head_dist.bias': zeros(3) },
      ' of these sizes: dist_token is missing',
    ],
  ] as const)('is blamed alone: %s %#', async (layout, changed, message) => {
    const all = { ...(await read(layout)), ...changed };
    const arrays = Object.fromEntries(
      Object.entries(all).filter(([, array]) => array !== undefined),
    );
    const given = layout === 'flax' ? {} : ({ heads, gelu: 'erf', eps: 1e-6 } as const);
    const error = new NeverendError(
      'NEVEREND_VIT_CHECKPOINT',
      `arrays is no ${layout} checkpoint${message}`,
    );
    expect(() => loadVit(arrays as Record<string, CheckpointArray>, given)).toThrow(error);
  });

  it('of pooling is that of its probe', async () => {
    const names = ['query', 'key', 'value', 'out'].map(
      (name) => `MAPHead_0/MultiHeadDotProductAttention_0/${name}/kernel`,
    );
    const arrays = { ...(await read('flax')), ...pool(names) };
    expect(() => loadVit(arrays)).toThrow(/MAPHead_0\/probe is missing/);
    expect(() => loadVit(arrays)).not.toThrow(/unknown/);
  });

  it('is that of an array, not of a config.json that is right', async () => {
    const config = {
      ...{ architecture: 'vit_tiny_patch16_224', num_classes: 3 },
      model_args: { num_heads: 2, patch_size: 2, in_chans: 3, embed_dim: 4 },
    };
    const arrays = await read('timm');
    for (const [name, shape] of [
      ['patch_embed.proj.weight', [1, 4, 3, 2, 2]],
      ['head.weight', [1, 3, 4]],
    ] as const) {
      const wrong = { ...arrays, [name]: zeros(...shape) };
      expect(() => loadVit(wrong, { config })).toThrow(`${name} is [${shape.join(', ')}] and must`);
    }
    tf.dispose(loadVit(arrays, { config }).params);
  });

  it('is that there are no blocks, or no kernel of queries', async () => {
    const given = { heads, gelu: 'erf', eps: 1e-6 } as const;
    const without = (arrays: Record<string, CheckpointArray>, name: RegExp) =>
      Object.fromEntries(Object.entries(arrays).filter(([key]) => !name.test(key)));
    const timm = await read('timm');
    expect(() => loadVit(without(timm, /^blocks/), given)).toThrow(
      new NeverendError(
        'NEVEREND_VIT_CHECKPOINT',
        'arrays is no timm checkpoint: it has no block, such as blocks.0.norm1.weight',
      ),
    );
    const flax = await read('flax');
    expect(() => loadVit(without(flax, /(query|key|value)\/kernel$/))).toThrow(
      new NeverendError(
        'NEVEREND_VIT_CHECKPOINT',
        `arrays is no flax checkpoint: ${query}/kernel is missing`,
      ),
    );
  });

  it('of blocks in one array is said once, by the name of the file', async () => {
    const flax = made(shapesOf.flax);
    const stacked: Record<string, CheckpointArray> = {};
    for (const [name, { shape, data }] of Object.entries(flax)) {
      const all = name.replace('encoderblock_0/', 'encoderblock/');
      if (all === name && name.includes('encoderblock_')) continue;
      stacked[all] =
        all === name ? { shape, data } : { shape: [2, ...shape], data: [...data, ...data] };
    }
    tf.dispose(loadVit(stacked).params);
    const layer = 'Transformer/encoderblock/MlpBlock_3/Dense_0';
    const { [`${layer}/bias`]: _, ...rest } = stacked;
    expect(() => loadVit(rest)).toThrow(
      new NeverendError(
        'NEVEREND_VIT_CHECKPOINT',
        `arrays is no flax checkpoint of these sizes: ${layer}/bias is missing`,
      ),
    );
    expect(() => loadVit({ ...stacked, [`${layer}/bias`]: zeros(2, 6) })).toThrow(
      ` of these sizes: ${layer}/bias is [2, 6] and must be [2, 5]`,
    );
    expect(() => loadVit({ ...stacked, [`${layer}/bias`]: zeros(3, 5) })).toThrow(
      /: Transformer\/encoderblock\/\S+ is of 2 blocks and \S+Dense_0\/bias of 3$/,
    );
  });

  it('is a prefix that some names have', async () => {
    const options = { heads, gelu: 'erf', eps: 1e-6 } as const;
    for (const [part, before] of [
      [/^blocks\.1\./, 'module.'],
      [/^(blocks|norm|head)/, 'module.'],
    ] as const) {
      const arrays = Object.fromEntries(
        Object.entries(await read('timm')).map(([name, array]) => [
          part.test(name) ? before + name : name,
          array,
        ]),
      );
      expect(() => loadVit(arrays, options)).toThrow(
        /^arrays is no timm checkpoint: some names begin with `module\.`, such as module\.blocks\.\d\.\S+, and some do not$/,
      );
    }
  });
});

describe("Meta's names", () => {
  it('of blocks in chunks and of SwiGLU are known', async () => {
    const options = { heads, gelu: 'erf', eps: 1e-6 } as const;
    const swiglu = Object.entries(shapesOf.timm).map(([name, shape]) => [
      name,
      /fc1/.test(name) ? [10, ...shape.slice(1)] : shape,
    ]);
    const arrays = made(Object.fromEntries(swiglu));
    const renamed = Object.fromEntries(
      Object.entries(arrays).map(([name, array]) => [
        name.replace('blocks.', 'blocks.0.').replace('fc1', 'w12').replace('fc2', 'w3'),
        array,
      ]),
    );
    const [there, here] = [loadVit(renamed, options), loadVit(arrays, options)];
    expect(there.config).toEqual(here.config);
    expect(there.config.swiglu).toBe(true);
    for (const [name, param] of Object.entries(here.params)) {
      expect([name, ...((await there.params[name]?.data()) ?? [])]).toEqual([
        name,
        ...(await param.data()),
      ]);
    }
    tf.dispose([there.params, here.params]);
    const { 'blocks.0.1.mlp.w3.bias': _, ...without } = renamed;
    expect(() => loadVit(without, options)).toThrow('mlp.fc2.bias is missing');
  });
});

describe('an entry that no published model lacks', () => {
  const without = (arrays: Record<string, CheckpointArray>, name: RegExp) =>
    Object.fromEntries(Object.entries(arrays).filter(([key]) => !name.test(key)));

  it.each([
    ['timm', /^patch_embed\.proj\.bias$/, 'patch_embed.proj.bias'],
    ['timm', /attn\.proj\.bias$/, 'blocks.0.attn.proj.bias'],
    ['timm', /mlp\.fc1\.bias$/, 'blocks.0.mlp.fc1.bias'],
    ['timm', /mlp\.fc2\.bias$/, 'blocks.0.mlp.fc2.bias'],
    ['transformers', /projection\.bias$/, 'vit.embeddings.patch_embeddings.projection.bias'],
    ['transformers', /attention\.output.*bias$/, 'attention.output.dense.bias'],
    ['transformers', /intermediate.*bias$/, 'vit.encoder.layer.0.intermediate.dense.bias'],
    ['flax', /^embedding\/bias$/, 'embedding/bias'],
  ] as const)('is missing, not zeros: %s %s', async (layout, name, called) => {
    const arrays = without(await read(layout), name);
    const { numTensors } = tf.memory();
    expect(() => vitParams(arrays, layout, sizes)).toThrow(`${called} is missing`);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('is a block, where config.json or the name of the architecture counts them', async () => {
    const arrays = without(await read('timm'), /^blocks\.1\./);
    expect(() =>
      loadVit(arrays, { heads, config: { architecture: 'vit_tiny', model_args: { depth: 2 } } }),
    ).toThrow('config.model_args.depth was 2; it must be 1, as in arrays');
    const wide = (size: number) => (size === 4 ? 192 : size === 12 ? 576 : size);
    const tiny = Object.entries(shapesOf.timm).map(([name, shape]) => [name, shape.map(wide)]);
    const config = { architecture: 'vit_tiny_patch16_224' };
    expect(() => loadVit(made(Object.fromEntries(tiny)), { config })).toThrow(
      'the depth of vit_tiny_patch16_224 was 12; it must be 2, as in arrays',
    );
    // Of another width it is another model than the name's.
    tf.dispose(loadVit(arrays, { heads, config }).params);
  });
});

describe('a checkpoint that is not of these sizes', () => {
  it('is refused with every missing, unknown and misshapen entry in one error', async () => {
    const { cls_token: _, ...arrays } = await read('timm');
    const wrong = {
      ...arrays,
      'fc_norm.weight': { shape: [4], data: new Float32Array(4) },
      'blocks.0.attn.norm.weight': { shape: [4], data: new Float32Array(4) },
      'blocks.1.attn.qkv.weight': { shape: [4, 12], data: new Float32Array(48) },
    };
    const read2 = () => vitParams(wrong, 'timm', sizes);
    expect(read2).toThrow(
      'arrays is no timm checkpoint of these sizes: cls_token is missing; ' +
        'blocks.1.attn.qkv.weight is [4, 12] and must be [12, 4]; fc_norm.bias is missing; ' +
        'blocks.0.attn.norm.weight is unknown',
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

  it.each([
    ['flax', ['head/kernel', 'head/bias', 'pre_logits/kernel'], 'pre_logits/bias is missing'],
    ['timm', ['head.weight', 'head.bias', 'pre_logits.fc.weight'], 'pre_logits.fc.bias is missing'],
    ['transformers', ['classifier.weight', 'classifier.bias', 'pooler.dense.weight'], undefined],
  ] as const)('may have a head that is not asked for: %s', async (layout, head, fault) => {
    const extra = { shape: [4, 4], data: new Float32Array(16) };
    const arrays = { ...(await read(layout)), [head[2]]: extra };
    const { classes: _, ...headless } = sizes;
    const [params, whole] = [headless, sizes].map(
      (wanted) => () => vitParams(arrays, layout, wanted),
    );
    const made = (params as () => Record<string, tf.Tensor>)();
    expect(Object.keys(made).filter((name) => name.startsWith('head'))).toEqual([]);
    expect(Object.keys(made)).toHaveLength(2 * 16 + 6);
    tf.dispose(made);
    // With classes, what lies between the norm and them must not be passed over; transformers' classifiers do not use a pooler.
    if (fault === undefined) tf.dispose((whole as typeof params)?.() as tf.TensorContainer);
    else expect(whole).toThrow(fault);
    const { [head[2]]: __, [head[0]]: ___, ...without } = arrays;
    tf.dispose(vitParams(without, layout, headless));
  });

  it('is refused for another layout, or a size that is none', () => {
    expect(() => vitParams({}, 'keras' as 'flax', sizes)).toThrow(
      new RangeError('layout was "keras"; it must be "flax" or "timm" or "transformers"'),
    );
    for (const name of ['depth', 'patch', 'tokens', 'classes', 'mlpWidth'] as const) {
      expect(() => vitParams({}, 'flax', { ...sizes, [name]: 0 })).toThrow(
        new ShapeError(`${name} was 0; it must be a positive integer`),
      );
    }
  });

  it('is refused where an entry has fewer numbers than its shape says', async () => {
    const arrays = await read('timm');
    const short = { shape: [width], data: new Float32Array(width - 1) };
    expect(() => vitParams({ ...arrays, 'norm.weight': short }, 'timm', sizes)).toThrow(
      `norm.weight has ${width - 1} numbers and must have ${width}`,
    );
  });
});
