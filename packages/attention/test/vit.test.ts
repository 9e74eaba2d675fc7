import { readFileSync } from 'node:fs';
import { type BackendName, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  normalInput,
  numbers,
  numericGradients,
  poisonMemory,
  readGolden,
  tolerances,
} from '@neverend/backend/testing';
import { decodeSafetensors } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  type CheckpointArray,
  type LoadVitOptions,
  loadVit,
  normalizeImages,
  patchEmbedding,
  preprocessImages,
  type VitLayout,
  vit,
  vitPreprocessing,
} from '../src/index.ts';
import { configFacts } from '../src/vit/config-file.ts';
import { timmDepth } from '../src/vit/timm-depth.ts';

type Arrays = Record<string, CheckpointArray>;

/** What the arrays of two files do not say. */
const unsaid: Readonly<Record<string, LoadVitOptions>> = {
  'big_vision gap': { pooling: 'average' },
  'big_vision sincos2d': { pooling: 'average', positions: 'sincos' },
};

/** A small checkpoint of a published package, images, and what the package makes of them. */
interface Case {
  readonly layout: VitLayout;
  readonly config?: unknown;
  /** Names in memory of those in the file. */
  readonly inMemory?: Readonly<Record<string, string>>;
  readonly arrays: Arrays;
  readonly images: CheckpointArray;
  readonly outputs: Arrays;
}

const file = readFileSync(new URL('golden/vit.safetensors', import.meta.url));
const { tensors, metadata } = decodeSafetensors(new Uint8Array(file));
const about = JSON.parse(metadata?.['cases'] ?? '') as Record<string, Omit<Case, 'arrays'>>;
const cases = Object.entries(about).map(([name, facts]): readonly [string, Case] => {
  const own = Object.entries(tensors).flatMap(([key, array]) =>
    key.startsWith(`${name}|`) ? [[key.slice(name.length + 1), array] as const] : [],
  );
  const outputs = own.flatMap(([key, array]) =>
    key.startsWith('>') ? [[key.slice(1), array] as const] : [],
  );
  const { images, ...rest } = Object.fromEntries(outputs) as Arrays;
  const arrays = Object.fromEntries(own.filter(([key]) => !key.startsWith('>')));
  return [name, { ...facts, arrays, images: images as CheckpointArray, outputs: rest }];
});

const toTensor = ({ shape, data }: CheckpointArray): tf.Tensor =>
  tf.tensor(Float32Array.from(data as ArrayLike<number>), [...shape]);

/** Each shape is a shader of its own. */
const isQuick = (backend: BackendName) => backend === 'webgpu' && !process.env['NEVEREND_LONG'];

await describeBackends('a published vision transformer', (backend) => {
  const { rtol, atol } = tolerances[backend];

  const some = [
    ...['timm augreg', 'timm dinov2 registers', 'timm deit3 other size', 'timm siglip'],
    ...['transformers deit', 'transformers dinov2', 'transformers clip', 'big_vision map'],
  ];
  const chosen = cases.filter(([name]) => !isQuick(backend) || some.includes(name));

  it.each(chosen)('gives in one call what %s gives', async (name, one) => {
    poisonMemory();
    const { layout, config, arrays, images, outputs, inMemory = {} } = one;
    const renamed = Object.entries(inMemory).map(([now, then]) => [now, arrays[then]] as const);
    const others = Object.entries(arrays).filter(
      ([name]) => !Object.values(inMemory).includes(name),
    );
    const files = [arrays, Object.fromEntries([...renamed, ...others]) as Arrays];
    for (const of of renamed.length === 0 ? files.slice(0, 1) : files) {
      await expectNoLeak(async () => {
        const loaded = loadVit(of, { layout, config, ...unsaid[name] });
        const x = toTensor(images);
        const y = vit(x, loaded.params, loaded.config);
        expect(Object.keys(y).sort()).toEqual(
          [...new Set([...Object.keys(outputs), 'tokens', 'features'])].sort(),
        );
        for (const [name, { shape, data }] of Object.entries(outputs)) {
          const expected = { shape: [...shape], data: Array.from(data as ArrayLike<number>) };
          await expectTensorClose(y[name as 'tokens'], expected, {
            rtol: 10 * rtol,
            atol: 10 * atol,
          });
        }
        tf.dispose([loaded.params, x, y as unknown as tf.TensorContainer]);
      });
    }
  });
});

const [, plain] = cases.find(([name]) => name === 'timm augreg') as readonly [string, Case];

await describeBackends('a vision transformer', (backend) => {
  it('is far off with the other form of GELU, so that a test would see it', async () => {
    const { params, config } = loadVit(plain.arrays, { config: plain.config });
    const x = toTensor(plain.images);
    const [right, wrong] = [config, { ...config, gelu: 'tanh' as const }].map(
      (one) => vit(x, params, one).features,
    ) as [tf.Tensor, tf.Tensor];
    const off = tf.max(tf.abs(tf.sub(right, wrong)));
    expect((await off.data())[0]).toBeGreaterThan(5e-4);
    tf.dispose([params, x, off, right, wrong]);
  });

  it('has a gradient by every parameter, of central differences along one direction', async () => {
    const all = ['timm deit3 other size', 'transformers dinov2'];
    const more = [
      'timm registers placed',
      'timm distilled',
      'transformers clip',
      'flax pre_logits',
      'big_vision map',
    ];
    for (const [, one] of cases.filter(
      ([name]) => all.includes(name) || (!isQuick(backend) && more.includes(name)),
    )) {
      const { params, config } = loadVit(one.arrays, { layout: one.layout, config: one.config });
      const x = toTensor(one.images);
      const names = Object.keys(params);
      const loss = (...tensors: tf.Tensor[]) => {
        const given = Object.fromEntries(names.map((name, index) => [name, tensors[index]]));
        const { features, logits } = vit(x, given as Record<string, tf.Tensor>, config);
        return tf.mean(tf.square(logits ?? features)) as tf.Scalar;
      };
      const gradients = tf.grads(loss)(Object.values(params));
      const along = async (share: number) => {
        const moved = tf.tidy(() =>
          loss(
            ...Object.values(params).map((param, index) =>
              tf.add(param, tf.mul(share, gradients[index] as tf.Tensor)),
            ),
          ),
        );
        const [value = 0] = await moved.data();
        moved.dispose();
        return value;
      };
      const squares = await Promise.all(
        gradients.map(async (gradient) =>
          Array.from(await gradient.data()).reduce((sum, slope) => sum + slope * slope, 0),
        ),
      );
      // The bias of keys moves all scores of a query alike.
      const idle = names.filter((_, index) => (squares[index] ?? 0) === 0);
      expect(idle.filter((name) => !name.endsWith('key/bias'))).toEqual([]);
      const slope = squares.reduce((sum, square) => sum + square, 0);
      const step = 2e-3 / Math.sqrt(slope);
      const measured = ((await along(step)) - (await along(-step))) / (2 * step);
      expect(Math.abs(measured / slope - 1)).toBeLessThan(backend === 'webgpu' ? 0.02 : 0.01);
      tf.dispose([params, x, gradients]);
    }
  });
});

await describeBackends('pictures of any size', (backend) => {
  it('of bytes are those of the same colours from 0 to 1', async () => {
    await expectNoLeak(async () => {
      const bytes = Array.from({ length: 5 * 7 * 3 }, (_, index) => (index * 89) % 256);
      const pixels = tf.tensor4d(bytes, [1, 5, 7, 3], 'int32');
      const colours = tf.tensor4d(
        bytes.map((byte) => byte / 255),
        [1, 5, 7, 3],
      );
      const how = vitPreprocessing({ size: 4 });
      for (const make of [preprocessImages, normalizeImages] as const) {
        const [images, expected] = [make(pixels, how), make(colours, how)];
        const { shape } = expected;
        const data = await expected.data();
        await expectTensorClose(images, { shape, data: [...data] }, tolerances[backend]);
        tf.dispose([images, expected]);
      }
      tf.dispose([pixels, colours]);
    });
    const flags = tf.tensor4d([1, 0, 1], [1, 1, 1, 3], 'bool');
    expect(() => preprocessImages(flags, vitPreprocessing({ size: 1 }))).toThrow(
      'pixels was bool; it must be float32',
    );
    flags.dispose();
  });

  it('are cut where transformers cuts them', async () => {
    const { cuts } = JSON.parse(
      readFileSync(new URL('golden/processors.json', import.meta.url), 'utf8'),
    ) as { cuts: readonly { file: object; pixels: number[][][]; image: number[][][] }[] };
    expect(cuts).toHaveLength(8);
    for (const { file, pixels, image } of cuts) {
      const bytes = tf.tensor4d([pixels], undefined, 'int32');
      const images = preprocessImages(bytes, vitPreprocessing(file));
      const shape = [1, image.length, image[0]?.length ?? 0, 3];
      await expectTensorClose(images, { shape, data: image.flat(2) }, { rtol: 0, atol: 1e-4 });
      tf.dispose([bytes, images]);
    }
  });

  it('become images as torchvision makes them', async () => {
    poisonMemory();
    const { arrays } = readGolden(new URL('golden/pictures.json', import.meta.url));
    const of = (name: string) => arrays[name]?.data ?? [];
    const given = Object.keys(arrays).filter((name) => name.startsWith('pixels'));
    expect(given).toHaveLength(4);
    for (const name of given) {
      const key = name.slice('pixels '.length);
      const { image, resize } = JSON.parse(key);
      for (const interpolation of ['bilinear', 'bicubic'] as const) {
        await expectNoLeak(async () => {
          const pixels = tf.tensor(Float32Array.from(of(name)), [...(arrays[name]?.shape ?? [])]);
          const images = preprocessImages(pixels, {
            ...{ image, resize, interpolation, mean: of('mean'), std: of('std') },
          });
          const expected = { shape: [2, ...image, 3], data: of(`${interpolation} ${key}`) };
          await expectTensorClose(images, expected, tolerances[backend]);
          tf.dispose([pixels, images]);
        });
      }
    }
  });
});

await describeBackends('patches', (backend) => {
  it('of images are embedded as a convolution does it, with its gradient', async () => {
    poisonMemory();
    const inputs = {
      images: normalInput(randomKey('images'), [2, 6, 8, 3]),
      kernel: normalInput(randomKey('kernel'), [3, 2, 3, 5]),
      bias: normalInput(randomKey('bias'), [5]),
    };
    const dy = normalInput(randomKey('dy'), [2, 8, 5]);
    await expectLikeReference({
      op: ({ images, kernel, bias }) =>
        patchEmbedding(images as tf.Tensor, kernel as tf.Tensor, bias),
      inputs,
      dy,
      y: convolution(numbers(inputs)),
      gradients: numericGradients(inputs, dy.data, convolution),
      tolerance: tolerances[backend],
    });
    const x = toTensor(inputs.images);
    const bare = patchEmbedding(x, tf.zeros([3, 2, 3, 5]));
    expect(bare.shape).toEqual([2, 8, 5]);
    tf.dispose([x, bare]);
  });
});

/** Patches of 3 x 2 pixels of two images of 6 x 8, by plain loops. */
function convolution(arrays: Readonly<Record<string, Float64Array>>): Float64Array {
  const at = (name: string, index: number) => arrays[name]?.[index] ?? 0;
  return Float64Array.from({ length: 2 * 8 * 5 }, (_, index) => {
    const [d, patch, image] = [index % 5, Math.floor(index / 5) % 8, Math.floor(index / 40)];
    let sum = at('bias', d);
    for (let w = 0; w < 18; w++) {
      const [c, column, row] = [w % 3, Math.floor(w / 3) % 2, Math.floor(w / 6)];
      const line = image * 6 + Math.floor(patch / 4) * 3 + row;
      const pixel = (line * 8 + (patch % 4) * 2 + column) * 3 + c;
      sum += at('images', pixel) * at('kernel', w * 5 + d);
    }
    return sum;
  });
}

const vits = ['vit', 'deit', 'vit_mae', 'vit_msn'];
const named = (model: string, models: readonly string[]) =>
  `config.model_type was "${model}"; it must be ${models.map((type) => `"${type}"`).join(' or ')}, as the names in arrays are`;

describe('a checkpoint of a vision transformer', () => {
  it.each(cases.map(([name]) => name))('may have all names below a prefix: %s', async (name) => {
    const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
    const { layout, config, arrays } = one;
    const prefix = layout === 'flax' ? 'ema/' : 'module.';
    const moved = Object.fromEntries(
      Object.entries(arrays).map(([key, array]) => [prefix + key, array]),
    );
    const options = { config, ...unsaid[name] };
    const [there, here] = [loadVit(moved, { ...options, prefix }), loadVit(arrays, options)];
    expect(there.config).toEqual(here.config);
    for (const [key, param] of Object.entries(here.params)) {
      expect([key, ...((await there.params[key]?.data()) ?? [])]).toEqual([
        key,
        ...(await param.data()),
      ]);
    }
    tf.dispose([there.params, here.params]);
  });

  it('needs what its arrays do not say', () => {
    expect(() => loadVit(plain.arrays)).toThrow(
      new TypeError(
        'config was not given; a checkpoint of timm needs its config.json, or heads, gelu and eps',
      ),
    );
    const given = loadVit(plain.arrays, { heads: 2, gelu: 'erf', eps: 1e-6 });
    const { params, config } = loadVit(plain.arrays, { config: plain.config });
    expect(given.config).toEqual(config);
    expect(config).toEqual({
      ...{ depth: 2, heads: 2, gelu: 'erf', eps: 1e-6, pooling: 'first', grid: [3, 3] },
      ...{ qkNorm: false, layerScale: false, swiglu: false, finalNorm: true },
      interpolation: { method: 'bicubic', antialias: true },
    });
    // It can be kept beside the parameters.
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    tf.dispose([params, given.params]);
  });

  it.each([
    [{ config: [] }, 'config was a list; it must be an object'],
    [{ config: {} }, 'config.architecture was not there; it must be a name'],
    [
      { config: { architecture: 'vit_base_patch16_rpn_224' } },
      'config.architecture was "vit_base_patch16_rpn_224"; it must be a model without norms after attention and the MLP: others are not read',
    ],
    [
      // Its arrays are those of an ordinary one with scales of its layers.
      {
        config: {
          architecture: 'vit_base_patch16_rope_ape_224',
          model_args: { num_heads: 2, init_values: 1e-5 },
        },
      },
      'config.architecture was "vit_base_patch16_rope_ape_224"; it must be a model without rotary positions: others are not read',
    ],
    [
      { config: { architecture: 'vit_tiny', global_pool: 'max' } },
      'config.global_pool was "max"; it must be "token" or "avg" or "map"',
    ],
    [
      { config: { architecture: 'vit_tiny', model_args: { act_layer: 'relu' } } },
      'config.model_args.act_layer was "relu"; it must be "gelu" or "gelu_tanh" or "quick_gelu"',
    ],
    [
      { config: { architecture: 'vit_tiny', model_args: { num_heads: 'two' } } },
      'config.model_args.num_heads was "two"; it must be a number',
    ],
    [
      { config: { architecture: 'vit_tiny', num_features: 192 } },
      'config.num_features was 192; it must be 8, as in arrays',
    ],
    [
      { config: { architecture: 'vit_tiny', model_args: { depth: 12, num_heads: 2 } } },
      'config.model_args.depth was 12; it must be 2, as in arrays',
    ],
    [
      { config: plain.config, gelu: 'relu' },
      'gelu was "relu"; it must be "tanh" or "erf" or "quick"',
    ],
    [
      { config: plain.config, pooling: 'max' },
      'pooling was "max"; it must be "first" or "average" or "attention"',
    ],
    [
      { config: plain.config, interpolation: { offset: 1 } },
      'offset was 1; only the method "bicubic" has it',
    ],
    [
      { config: plain.config, heads: 3 },
      'heads was 3; it must be a positive divisor of the width, 8',
    ],
    [
      { config: plain.config, image: 8 },
      'image was 8; arrays has 10 positions, of other images in patches of 2',
    ],
    [
      { config: plain.config, pooling: 'attention' },
      'pooling was "attention"; arrays has nothing that becomes MAPHead_0/probe',
    ],
    [
      { config: plain.config, pooling: 'distilled' },
      'pooling was "distilled"; arrays has nothing that becomes dist',
    ],
    [{ config: plain.config, colour: 1 }, 'loadVit has no option "colour"; it takes heads, gelu'],
    [{ config: plain.config, layout: 'keras' }, 'layout was "keras"; it must be "flax" or "timm"'],
  ])('is refused in one sentence with %j', (options, message) => {
    const { numTensors } = tf.memory();
    expect(() => loadVit(plain.arrays, options as object)).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each([
    [{ model_type: 'beit' }, /^config\.model_type was "beit"; it must be "vit" or "deit" or /],
    [
      { model_type: 'vit', hidden_act: 'relu' },
      /^config\.hidden_act was "relu"; it must be "gelu" or "gelu_python" or /,
    ],
    [{ model_type: 'vit', pooler_act: 'gelu' }, 'config.pooler_act was "gelu"; it must be "tanh"'],
    [
      { model_type: 'vit', hidden_size: 768, num_attention_heads: 2 },
      'config.hidden_size was 768; it must be 8, as in arrays',
    ],
    [
      { model_type: 'vit', num_hidden_layers: 12, num_attention_heads: 2 },
      'config.num_hidden_layers was 12; it must be 2, as in arrays',
    ],
    [
      { model_type: 'vit', image_size: [2, 3, 4] },
      'config.image_size was a list; it must be a positive integer or two',
    ],
  ])('of transformers is refused with %j', (config, message) => {
    const [, one] = cases.find(([name]) => name === 'transformers vit') as readonly [string, Case];
    expect(() => loadVit(one.arrays, { config })).toThrow(message);
  });

  it.each([
    ['transformers siglip', /patch_embedding\.bias/, 'patch_embedding.bias is missing'],
    ['transformers siglip', /q_proj\.bias/, 'self_attn.q_proj.bias is missing'],
    ['transformers siglip', /head\./, 'head.probe is missing, which config says that it has'],
    ['transformers clip', /pre_layrnorm/, 'vision_model.pre_layrnorm.weight is missing'],
    ['transformers clip', /vision_model.post_layernorm/, 'post_layernorm.weight is missing'],
    ['transformers clip', /visual_proj/, 'visual_projection.weight is missing, which config'],
    ['transformers vit', /classifier/, 'classifier.weight is missing, which config'],
    ['transformers vit', /query\.bias/, 'layer.0.attention.attention.query.bias is missing'],
    ['transformers vit', /value\.bias/, 'layer.0.attention.attention.value.bias is missing'],
    [
      'transformers vit',
      /1\S*key\.bias/,
      'sizes: vit.encoder.layer.1.attention.attention.key.bias',
    ],
    [
      'transformers vit',
      /(query|key|value)\.bias/,
      'layer.0.attention.attention.query.bias is missing, which config says that it has',
    ],
    ['transformers dinov2', /key\.bias/, 'layer.0.attention.attention.key.bias is missing'],
    ['transformers deit', /distillation_token/, 'embeddings.distillation_token is missing, which'],
    ['transformers deit', /cls_classifier/, 'checkpoint: cls_classifier.weight is missing, which'],
    ['transformers clip', /k_proj\.bias/, 'self_attn.k_proj.bias is missing'],
    ['timm augreg', /qkv\.bias/, 'blocks.0.attn.qkv.bias is missing, which config says that'],
    ['timm augreg', /(proj|fc.)\.bias/, 'blocks.0.attn.proj.bias is missing, which config says'],
    ['timm augreg', /cls_token/, 'cls_token is missing, which config says that it has'],
    ['timm augreg', /^norm\./, 'norm.weight is missing, which config says that it has'],
    ['timm layer scale', /\.ls/, 'blocks.0.ls1.gamma is missing, which config says that it has'],
    ['timm layer scale', /[qk]_norm/, 'blocks.0.attn.q_norm.weight is missing, which config says'],
    ['timm layer scale', /k_norm/, 'blocks.0.attn.k_norm.weight is missing'],
    ['timm layer scale', /q_norm\.bias/, 'blocks.0.attn.q_norm.bias is missing'],
    ['timm layer scale', /norm_pre/, 'norm_pre.weight is missing, which config says that it has'],
    ['timm layer scale', /fc_norm/, 'fc_norm.weight is missing, which config says that it has'],
    ['timm clip', /norm_pre/, 'norm_pre.weight is missing, which config says that it has'],
    ['timm siglip', /attn_pool/, 'attn_pool.latent is missing, which config says that it has'],
    ['transformers deit', /distillation_classifier/, 'distillation_classifier.weight is missing'],
    ['transformers dinov2', /layer_scale1/, 'dinov2.encoder.layer.0.layer_scale1.lambda1 is miss'],
    ['transformers dinov2', /layer_scale/, 'layer_scale1.lambda1 is missing'],
    ['transformers dinov2 registers', /register_tokens/, 'embeddings.register_tokens is missing'],
    ['timm dinov2 registers', /reg_token/, 'reg_token is missing, which config says that it has'],
    ['timm dinov2 registers', /\.ls/, 'blocks.0.ls1.gamma is missing, which config says that it'],
    ['timm registers placed', /reg_token/, 'reg_token is missing, which config says'],
    ['timm distilled', /head_dist/, 'head_dist.weight is missing, which config says'],
    ['timm augreg', /^head/, 'head.weight is missing, which config says that it has'],
  ])('that lacks what its config.json says is refused: %s %s', (name, lost, message) => {
    const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
    const left = Object.entries(one.arrays).filter(([key]) => !lost.test(key));
    const { numTensors } = tf.memory();
    expect(() => loadVit(Object.fromEntries(left), { config: one.config })).toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it.each([
    ['transformers vit', { patch_size: 16 }, 'config.patch_size was 16; it must be 2, as in arra'],
    ['transformers vit', { patch_size: [2, 4] }, 'config.patch_size was a list; it must be 2'],
    ['transformers vit', { intermediate_size: 13 }, 'config.intermediate_size was 13; it must be'],
    ['transformers vit', { num_channels: 1 }, 'config.num_channels was 1; it must be 3'],
    ['transformers vit', { num_labels: 10 }, 'config.num_labels was 10; it must be 3, as in arra'],
    ['transformers vit', { id2label: { 0: 'a' } }, 'config.num_labels was 1; it must be 3'],
    ['transformers vit', { qkv_bias: false }, 'config.qkv_bias was false; it must be true'],
    ['transformers clip', { projection_dim: 512 }, 'config.projection_dim was 512; it must be 5'],
    [
      'transformers dinov2 registers',
      { num_register_tokens: 4 },
      'config.num_register_tokens was 4; it must be 3',
    ],
    ['timm augreg', { num_classes: 1000 }, 'config.num_classes was 1000; it must be 3'],
    ['timm augreg', { model_args: { patch_size: 16 } }, 'model_args.patch_size was 16; it must be'],
    ['timm augreg', { model_args: { in_chans: 1 } }, 'config.model_args.in_chans was 1; it must'],
    [
      'transformers vit',
      { image_size: 12 },
      'config.image_size was "12 x 12"; it must be 6 x 6, as',
    ],
    ['transformers vit', { patch_size: 'two' }, 'config.patch_size was "two"; it must be 2'],
    ['transformers vit', { qkv_bias: 'yes' }, 'config.qkv_bias was "yes"; it must be true'],
    [
      'timm augreg',
      { architecture: 'resnet50' },
      'config.architecture was "resnet50"; it must be a',
    ],
    [
      'timm augreg',
      { model_args: { block_fn: 'ParallelScalingBlock' } },
      'config.model_args.block_fn was "ParallelScalingBlock"; it must be left out',
    ],
    [
      'timm augreg',
      { model_args: { mlp_layer: 'GluMlp' } },
      'model_args.mlp_layer was "GluMlp"; it',
    ],
    [
      'timm augreg',
      { model_args: { img_size: 12 } },
      'model_args.img_size was "12 x 12"; it must be',
    ],
    [
      'timm augreg',
      { pretrained_cfg: { input_size: [1, 224, 224] } },
      'config.pretrained_cfg.input_size was 1; it must be 3, as in arrays',
    ],
    [
      'timm augreg',
      { global_pool: 'map' },
      'attn_pool.latent is missing, which config says that it has',
    ],
    ['timm augreg', { model_args: { embed_dim: 192 } }, 'config.model_args.embed_dim was 192; it'],
    [
      'timm augreg',
      { model_args: { qkv_bias: false } },
      'config.model_args.qkv_bias was false; it must be true, since arrays has blocks.0.attn.qkv.bias',
    ],
    [
      'timm augreg',
      { model_args: { proj_bias: false } },
      'config.model_args.proj_bias was false; it must be true, since arrays has blocks.0.attn.proj.',
    ],
    [
      'timm augreg',
      { model_args: { class_token: false, global_pool: 'avg', fc_norm: false } },
      'config.model_args.class_token was false; it must be true, since arrays has cls_token',
    ],
    [
      'timm augreg',
      { model_args: { pre_norm: true } },
      'norm_pre.weight is missing, which config says that it has',
    ],
    [
      'timm augreg',
      { model_args: { fc_norm: true } },
      'config.model_args.fc_norm was true; it must be false, since arrays has norm.weight',
    ],
    [
      'timm augreg',
      { model_args: { final_norm: false } },
      'config.model_args.final_norm was false; it must be true, since arrays has norm.weight',
    ],
    [
      'timm augreg',
      { model_args: { init_values: 1e-5 } },
      'blocks.0.ls1.gamma is missing, which config says that it has',
    ],
    [
      'timm augreg',
      { model_args: { qk_norm: true } },
      'blocks.0.attn.q_norm.weight is missing, which config says that it has',
    ],
    [
      'timm augreg',
      { model_args: { mlp_ratio: 4 } },
      'config.model_args.mlp_ratio times the width was 32; it must be 12, as in arrays',
    ],
    [
      'timm augreg',
      { model_args: { qkv_bias: 'no' } },
      'config.model_args.qkv_bias was "no"; it must be true or false',
    ],
    [
      'timm augreg',
      { architecture: 'vit_base_patch16_clip_quickgelu_224' },
      'norm_pre.weight is missing, which config says that it has',
    ],
    [
      'timm clip',
      { architecture: 'vit_tiny_patch16_224' },
      'pre_norm of vit_tiny_patch16_224 was false; it must be true, since arrays has norm_pre.weight',
    ],
    [
      'timm layer scale',
      { model_args: {} },
      'pre_norm of vit_tiny_patch16_224 was false; it must be true, since arrays has norm_pre.weight',
    ],
    [
      'timm dinov2 registers',
      { architecture: 'vit_small_patch14_dinov2' },
      'reg_tokens of vit_small_patch14_dinov2 was 0; it must be their number, since arrays has reg_',
    ],
    [
      'timm siglip erf',
      { global_pool: 'token' },
      'config.global_pool was "token"; it must be "map", since arrays has attn_pool.latent',
    ],
    [
      'timm distilled',
      { architecture: 'vit_tiny_patch16_224' },
      'config.architecture was "vit_tiny_patch16_224"; it must be a distilled one, since arrays has dist_token',
    ],
    [
      'transformers no registers',
      { model_type: 'dinov2' },
      named('dinov2', ['dinov2_with_registers']),
    ],
    ['transformers vit', { model_type: 'clip_vision_model' }, named('clip_vision_model', vits)],
    ['transformers vit', { model_type: 'clip' }, named('clip', vits)],
    ['transformers vit', { model_type: 'dinov2' }, named('dinov2', vits)],
    ['transformers vit', { model_type: 'ijepa' }, named('ijepa', vits)],
    ['transformers deit', { model_type: 'vit' }, named('vit', ['deit'])],
    [
      'transformers vit',
      { model_type: 'deit' },
      'embeddings.distillation_token is missing, which config says that it has',
    ],
    ['transformers siglip', { model_type: 'vit' }, named('vit', ['siglip_vision_model'])],
    [
      'transformers siglip',
      { vision_use_head: false },
      'config.vision_use_head was false; it must be true, since arrays has head.probe',
    ],
    [
      'transformers ijepa',
      { model_type: 'vit' },
      'ijepa.embeddings.cls_token is missing, which config says that it has',
    ],
    ['transformers clip', { model_type: 'siglip' }, named('siglip', ['clip_vision_model'])],
    [
      'transformers dinov2 registers',
      { model_type: 'dinov2' },
      named('dinov2', ['dinov2_with_registers']),
    ],
    [
      'transformers dinov2',
      { mlp_ratio: 4 },
      'config.mlp_ratio times the width was 32; it must be 16, as in arrays',
    ],
    [
      'transformers dinov2 giant',
      { mlp_ratio: 24 },
      'config.mlp_ratio times the width was 256; it must be 32, as in arrays',
    ],
  ])('must be what its config.json says: %s %j', (name, changed, message) => {
    const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
    const config = { ...(one.config as object), ...changed };
    expect(() => loadVit(one.arrays, { config, heads: 2 })).toThrow(message);
  });

  it.each([
    ['transformers vit', 'vit.'],
    ['transformers clip', 'vision_model.'],
    ['timm augreg', 'backbone.'],
  ])('need not have the head of its config.json where it is left out: %s', (name, prefix) => {
    const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
    const isTimm = name.startsWith('timm');
    const arrays = Object.fromEntries(
      Object.entries(one.arrays).map(([key, array]) => [
        isTimm && !key.startsWith('head') ? prefix + key : key,
        array,
      ]),
    );
    const { params } = loadVit(arrays, { config: one.config, prefix });
    expect(Object.keys(params).filter((key) => key.startsWith('head'))).toEqual([]);
    expect(params['encoderblock_0/LayerNorm_0/scale']?.shape).toEqual([8]);
    tf.dispose(params);
  });

  it.each([
    ['transformers siglip', /head\.probe/, 'head.probe is missing'],
    ['timm siglip', /attn_pool\.latent/, 'attn_pool.latent is missing'],
    ['big_vision map', /probe/, 'MAPHead_0/probe is missing'],
  ])('lacks a probe in one sentence: %s', (name, lost, message) => {
    const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
    const left = Object.entries(one.arrays).filter(([key]) => !lost.test(key));
    const options = one.layout === 'flax' ? {} : ({ heads: 2, gelu: 'tanh', eps: 1e-6 } as const);
    const load = () => loadVit(Object.fromEntries(left), options);
    expect(load).toThrow(message);
    expect(load).not.toThrow(/;/);
  });

  it.each([
    [
      { model_type: 'dinov3_vit' },
      /^config\.model_type was "dinov3_vit"; it must be "vit" or "deit"/,
    ],
    [
      { architecture: 'naflexvit_base_patch16_gap' },
      /^config\.architecture was "naflexvit\w+"; it must be a vision transformer that is read, such/,
    ],
    [
      { architecture: 'vit_small_patch16_dinov3' },
      /^config\.architecture was "vit_small_patch16_dinov3"; it must be a model without rotary positi/,
    ],
  ])(
    'of another kind is refused as such, whatever its arrays are called: %j',
    (config, message) => {
      const arrays = { 'embeddings.patch.weight': { shape: [1], data: new Float32Array(1) } };
      expect(() => loadVit(arrays, { config })).toThrow(message);
    },
  );

  it('of flax has no config.json', () => {
    const [, one] = cases.find(([name]) => name === 'flax token') as readonly [string, Case];
    expect(() => loadVit(one.arrays, { config: plain.config })).toThrow(
      new TypeError('config was given; a checkpoint of flax has none'),
    );
  });

  it('may be of images that are no squares, if these are given', () => {
    const [, one] = cases.find(([name]) => name === 'timm no class token') as readonly [
      string,
      Case,
    ];
    const positions = { shape: [1, 10, 8], data: new Float32Array(80) };
    const arrays = { ...one.arrays, pos_embed: positions };
    // One more than a square are usually those of a class token.
    expect(() => loadVit(arrays, { config: one.config })).toThrow('cls_token is missing');
    const { params, config } = loadVit(arrays, { config: one.config, image: [4, 10] });
    expect(config.grid).toEqual([2, 5]);
    const shape = tf.tidy(() => vit(tf.zeros([1, 4, 10, 3]), params, config).tokens.shape);
    expect(shape).toEqual([1, 10, 8]);
    tf.dispose(params);
    const other = { ...one.arrays, pos_embed: { shape: [1, 8, 8], data: new Float32Array(64) } };
    expect(() => loadVit(other, { config: one.config })).toThrow(
      new ShapeError('arrays has 8 positions, which are those of no square; image must be given'),
    );
  });

  it('of big_vision needs what its arrays do not say, by the name of the option', () => {
    const of = (name: string, lost: RegExp) => {
      const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
      return Object.fromEntries(Object.entries(one.arrays).filter(([key]) => !lost.test(key)));
    };
    const gap = of('big_vision gap', /^$/);
    const noToken = 'arrays has no cls; pooling must be "average" if the model has no class token';
    expect(() => loadVit(gap)).toThrow(new TypeError(noToken));
    expect(() => loadVit(of('big_vision tok', /cls$/))).toThrow(
      'arrays has no params/cls; pooling',
    );
    const noPositions = new TypeError(
      'arrays has no pos_embedding; positions must be "sincos" if the model computes them',
    );
    const lost = of('big_vision gap', /pos_embedding/);
    expect(() => loadVit(lost, { pooling: 'average' })).toThrow(noPositions);
    expect(() => loadVit(lost, { pooling: 'average', positions: 'learned' })).toThrow(noPositions);
    expect(() => loadVit(gap, { pooling: 'average', positions: 'sincos' })).toThrow(
      new TypeError('positions was "sincos"; arrays has pos_embedding'),
    );
    expect(() => loadVit(gap, { positions: 'none' as 'sincos' })).toThrow(
      'positions was "none"; it must be "learned" or "sincos"',
    );
    // Names of vision_transformer count the class token among the positions.
    expect(() => loadVit(of('flax token', /^cls$/))).toThrow('cls is missing');
  });

  it('may have what its package leaves in files', () => {
    const extra = (shape: number[], data: ArrayLike<number> | ArrayLike<bigint>) => ({
      shape,
      data,
    });
    for (const [name, more] of [
      ['transformers siglip', 'embeddings.position_ids'],
      ['transformers siglip two towers', 'vision_model.embeddings.position_ids'],
      ['transformers clip', 'vision_model.embeddings.position_ids'],
      ['transformers vit', 'vit.pooler.dense.weight'],
    ] as const) {
      const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
      const arrays = { ...one.arrays, [more]: extra([1, 9], new BigInt64Array(9)) };
      const [there, here] = [arrays, one.arrays].map((of) => loadVit(of, { config: one.config }));
      expect([name, there?.config]).toEqual([name, here?.config]);
      expect(Object.keys(there?.params ?? {})).toEqual(Object.keys(here?.params ?? {}));
      tf.dispose([there?.params ?? {}, here?.params ?? {}]);
    }
  });

  it('of registers interpolates with antialias, also without its config.json', () => {
    const given = { heads: 2, gelu: 'erf', eps: 1e-6 } as const;
    for (const [name, antialias] of [
      ['transformers dinov2 registers', true],
      ['transformers dinov2', false],
    ] as const) {
      const [, one] = cases.find(([other]) => other === name) as readonly [string, Case];
      const { params, config } = loadVit(one.arrays, given);
      expect(config.interpolation).toEqual({ method: 'bicubic', antialias });
      tf.dispose(params);
    }
  });

  it('has the heads, GELU, epsilon and parts that timm has for every name', () => {
    const { rows, others } = JSON.parse(
      readFileSync(new URL('golden/timm-vits.json', import.meta.url), 'utf8'),
    ) as {
      rows: Record<string, [number, number, string, number, string, string[]]>;
      others: readonly string[];
    };
    expect(Object.keys(rows).length).toBeGreaterThan(100);
    // Models that are made of other things, which arrays do not always show.
    expect(others.length).toBeGreaterThan(100);
    const taken = others.filter((architecture) => {
      try {
        configFacts('timm', { architecture }, 64);
      } catch (error) {
        return !/(a model without [\w ]+: others are not read|such as "vit_base_patch16_224"|_include_prefix of test_vit3 was true; it must be false)$/.test(
          (error as Error).message,
        );
      }
      return true;
    });
    expect(taken).toEqual([]);
    const poolings: Record<string, string> = { token: 'first', avg: 'average', map: 'attention' };
    const wrong = Object.entries(rows).flatMap(([architecture, row]) => {
      const [width, heads, gelu, eps, pooling, parts] = row;
      const facts = configFacts('timm', { architecture }, width);
      // create_model leaves out what is None.
      const model_args = { fc_norm: null, init_values: null, qkv_bias: null, num_heads: null };
      expect(configFacts('timm', { architecture, model_args }, width)).toEqual(facts);
      // Every size that a name has is known, with its blocks.
      const isKnown = timmDepth(architecture, width) !== undefined;
      if (!isKnown && !architecture.startsWith('test_')) return [[architecture, width]];
      const there = facts.parts.flatMap(({ part, isThere }) => (isThere ? [part] : []));
      const isSame =
        facts.heads === heads &&
        facts.gelu === gelu &&
        facts.eps === eps &&
        facts.pooling === poolings[pooling] &&
        String(there.sort()) === String(parts.sort());
      return isSame ? [] : [[architecture, JSON.stringify(facts)]];
    });
    expect(wrong).toEqual([]);
  });
});

describe('what an image must be', () => {
  it('is said in one sentence', () => {
    const { params, config } = loadVit(plain.arrays, { config: plain.config });
    const call = (shape: number[], changed = {}, other = {}) =>
      tf.tidy(
        () => vit(tf.zeros(shape), { ...params, ...other }, { ...config, ...changed }).tokens,
      );
    expect(() => call([1, 6, 7, 3])).toThrow(
      new ShapeError(
        'images was [1, 6, 7, 3]; patches of 2 x 2 pixels must fill its height and width',
      ),
    );
    expect(() => call([6, 6, 3])).toThrow(
      new ShapeError('images was [6, 6, 3]; it must be [B, height, width, 3]'),
    );
    expect(() => call([1, 6, 6, 1])).toThrow(
      new ShapeError('images was [1, 6, 6, 1]; it must be [B, height, width, 3]'),
    );
    expect(() => call([1, 6, 6, 3], { pooling: 'max' })).toThrow(
      'pooling was "max"; it must be "first" or "average" or "attention" or "distilled" or "first-average"',
    );
    expect(() => call([1, 6, 6, 3], { pooling: 'distilled' })).toThrow(
      'params has 1 tokens before the patches; the pooling "distilled" must have 2',
    );
    expect(() => call([1, 6, 6, 3], { grid: [2, 3] })).toThrow(
      'params["pos_embedding"] has 10 positions; a grid of 2 x 3 patches and 1 tokens before them must have 6 to 7',
    );
    expect(() => call([1, 6, 6, 3], { colour: 1 })).toThrow(
      'vit has no option "colour"; it takes depth, heads, qkNorm, eps, layerScale, finalNorm, gelu, swiglu, pooling, grid, interpolation',
    );
    tf.dispose(params);
  });
});

describe('how pictures become images', () => {
  it.each([
    [
      'timm',
      {
        architecture: 'vit_base_patch16_224',
        pretrained_cfg: {
          ...{ input_size: [3, 224, 224], interpolation: 'bicubic', crop_pct: 0.9 },
          ...{ crop_mode: 'center', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
        },
      },
      { image: [224, 224], resize: 248, interpolation: 'bicubic', mean: [0.5, 0.5, 0.5] },
    ],
    [
      'timm, squashed',
      { input_size: [3, 384, 384], crop_pct: 1, crop_mode: 'squash', interpolation: 'bicubic' },
      { image: [384, 384], resize: [384, 384], std: [0.229, 0.224, 0.225] },
    ],
    [
      'ViT',
      {
        ...{ do_normalize: true, do_resize: true, resample: 2, size: 224 },
        ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
      },
      { image: [224, 224], resize: [224, 224], interpolation: 'bilinear' },
    ],
    [
      'DINOv2',
      {
        ...{ crop_size: { height: 224, width: 224 }, do_center_crop: true, resample: 3 },
        ...{ size: { shortest_edge: 256 }, image_mean: [0.485, 0.456, 0.406] },
        image_std: [0.229, 0.224, 0.225],
      },
      { image: [224, 224], resize: 256, interpolation: 'bicubic', mean: [0.485, 0.456, 0.406] },
    ],
    [
      'CLIP',
      {
        ...{ feature_extractor_type: 'CLIPFeatureExtractor', size: 224, crop_size: 224 },
        ...{ do_center_crop: true, resample: 3 },
      },
      { image: [224, 224], resize: 224, interpolation: 'bicubic' },
    ],
    ['nothing', undefined, { image: [224, 224], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
  ])('is what the file says: %s', (_, json, expected) => {
    expect(vitPreprocessing(json)).toMatchObject(expected);
  });

  it('is what the class of a file fills in, as transformers does it', () => {
    const { rows } = JSON.parse(
      readFileSync(new URL('golden/processors.json', import.meta.url), 'utf8'),
    ) as { rows: readonly (readonly [object, Record<string, unknown>])[] };
    expect(rows.length).toBeGreaterThan(80);
    for (const [file, whole] of rows) {
      const sides = (size: unknown) => {
        const { height, width, shortest_edge } = size as Record<string, number | null>;
        return shortest_edge ?? [height, width];
      };
      const resize = sides(whole['size']);
      const isCut = whole['do_center_crop'] === true;
      if (!isCut && typeof resize === 'number') {
        // There images are as long as pictures are.
        expect(() => vitPreprocessing(file)).toThrow(
          /^json\.do_center_crop was (false|null); it must be true where json\.size is the shorter/,
        );
        continue;
      }
      const isNormed = whole['do_normalize'] === true;
      expect([file, vitPreprocessing(file)]).toEqual([
        file,
        {
          image: isCut ? sides(whole['crop_size']) : resize,
          resize,
          interpolation: { 0: 'nearest', 2: 'bilinear', 3: 'bicubic' }[String(whole['resample'])],
          middle: 'first',
          mean: isNormed ? whole['image_mean'] : [0, 0, 0],
          std: isNormed ? whole['image_std'] : [1, 1, 1],
        },
      ]);
    }
    const older = { feature_extractor_type: 'DeiTFeatureExtractor' };
    const now = { image_processor_type: 'DeiTImageProcessorFast' };
    expect(vitPreprocessing(older)).toEqual(vitPreprocessing(now));
    const wrapped = { image_processor_type: 'TimmWrapperImageProcessor', crop_pct: 1 };
    expect(vitPreprocessing(wrapped).mean).toEqual([0.485, 0.456, 0.406]);
    const none = { mean: null, std: null, interpolation: null, crop_pct: null, crop_mode: null };
    const timm = { input_size: [3, 8, 8] };
    expect(vitPreprocessing({ ...timm, ...none })).toEqual(vitPreprocessing(timm));
  });

  it.each([
    [
      { image_processor_type: 'ConvNextImageProcessor', crop_pct: 0.875, size: 224 },
      'json.image_processor_type was "ConvNextImageProcessor"; it must be "ViTImageProcessor" or "D',
    ],
    [
      { feature_extractor_type: 'toString' },
      'json.feature_extractor_type was "toString"; it must be "ViTImageProcessor" or',
    ],
    [{}, 'json was an object; it must be config.json of timm, or preprocessor_config.json of'],
    [{ colour: 1 }, 'json was an object; it must be config.json of timm'],
    [null, 'json was null; it must be an object'],
    [{ resample: 5 }, 'json.resample was 5; it must be 0, 1, 2 or 3'],
    [{ resample: 9 }, 'json.resample was 9; it must be 0, 1, 2 or 3'],
    [{ resample: 'cubic' }, 'json.resample was "cubic"; it must be 0, 1, 2 or 3'],
    [
      { size: { longest_edge: 8 } },
      /^json\.size was .*longest_edge.*; it must be \{ height, width \}/,
    ],
    [{ size: { shortest_edge: 8, longest_edge: 9 } }, /^json\.size was .*longest_edge.*; it must/],
    [{ size: { height: 8 } }, /^json\.size was .*height.*; it must be \{ height, width \} or/],
    [{ rescale_factor: 1 / 127.5 }, /^json\.rescale_factor was 0\.0078\d*; it must be 1 \/ 255/],
    [{ do_rescale: false }, 'json.do_rescale was false; it must be true'],
    [{ do_resize: false }, 'json.do_resize was false; it must be true'],
    [{ rescale_offset: true }, 'json.rescale_offset was true; it must be false'],
    [{ do_pad: true }, 'json.do_pad was true; it must be false'],
    [{ do_resize: null }, 'json.do_resize was null; it must be true'],
    [{ do_rescale: null }, 'json.do_rescale was null; it must be true'],
    [{ rescale_factor: null }, 'json.rescale_factor was null; it must be 1 / 255'],
    [{ image_mean: null }, 'json.image_mean was null; it must be a list of numbers'],
    [{ resample: null }, 'json.resample was null; it must be 0, 1, 2 or 3'],
    [{ size: null }, 'json.size was null; it must be { height, width } or { shortest_edge }'],
    [
      { do_center_crop: true },
      'json.crop_size was not there; it must be { height, width } or { shortest_edge }',
    ],
    [
      { size: { shortest_edge: 8 } },
      'json.do_center_crop was false; it must be true where json.size is the shorter side, which leaves images without a size',
    ],
    [
      { input_size: [3, 4, 8] },
      'json.input_size was "3 x 4 x 8"; it must be a square unless json.crop_mode is "squash"',
    ],
    [
      { image_std: [1, 0, 1] },
      'json.image_std was "[1,0,1]"; it must be above 0 for every channel',
    ],
    [{ image_std: [1] }, 'json.image_std was "[1]"; it must be of 3 channels, as json.image_mean'],
    [{ image_mean: [] }, 'json.image_mean was a list; it must be a list of numbers'],
    [{ std: [0, 1, 1] }, 'json.std was "[0,1,1]"; it must be above 0 for every channel'],
    [{ input_size: 224 }, 'json.input_size was 224; it must be a list of channels, height and'],
    [{ input_size: [3, 0, 2] }, 'json.input_size was a list; it must be a positive integer or two'],
    [{ crop_pct: 'all' }, 'json.crop_pct was "all"; it must be above 0 and at most 1'],
    [{ crop_pct: 0 }, 'json.crop_pct was 0; it must be above 0 and at most 1'],
    [{ crop_mode: 'border' }, 'json.crop_mode was "border"; it must be "center" or "squash"'],
    [{ pretrained_cfg: 1 }, 'json.pretrained_cfg was 1; it must be an object'],
  ])('is refused where it cannot be followed: %j', (json, message) => {
    expect(() => vitPreprocessing(json)).toThrow(message);
  });

  it('is that of pretrained_cfg without an architecture, and colours as they are', () => {
    const cfg = { input_size: [3, 32, 32], crop_pct: 1, mean: [0, 0, 0], std: [1, 1, 1] };
    expect(vitPreprocessing({ pretrained_cfg: cfg })).toEqual({
      ...{
        image: [32, 32],
        resize: 32,
        interpolation: 'bilinear',
        mean: [0, 0, 0],
        std: [1, 1, 1],
      },
    });
    const raw = {
      do_normalize: false,
      image_mean: [0.5, 0.5, 0.5],
      rescale_factor: 0.00392156862745098,
    };
    expect(vitPreprocessing(raw)).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] });
  });

  it('is refused in one sentence where it cannot be', () => {
    expect(() => vitPreprocessing({ image_mean: 'grey' })).toThrow(
      'json.image_mean was "grey"; it must be a list of numbers',
    );
  });

  it('does not make images that are larger, or with other filters', () => {
    const pixels = tf.zeros([1, 4, 6, 3]);
    const given = vitPreprocessing({ size: 4, crop_size: 5, do_center_crop: true });
    expect(() => preprocessImages(pixels, given)).toThrow(
      new ShapeError('image was [5, 5]; it must fit into the resized 4 x 4 pixels'),
    );
    expect(() => preprocessImages(pixels, { ...given, interpolation: 'lanczos' })).toThrow(
      new RangeError('interpolation was "lanczos"; it must be "bilinear" or "bicubic"'),
    );
    pixels.dispose();
  });

  it('is, for colours, what they are in deviations from the mean', async () => {
    const pixels = tf.tensor([0, 0.5, 1, 0.25, 0.75, 1], [1, 2, 3]);
    const images = normalizeImages(pixels, { mean: [0.5, 0.5, 0], std: [0.5, 0.25, 2] });
    await expectTensorClose(images, { shape: [1, 2, 3], data: [-1, 0, 0.5, -0.5, 1, 0.5] });
    expect(() => normalizeImages(pixels, { mean: [0], std: [1] })).toThrow(
      new ShapeError('mean has 1 and std 1 numbers; pixels of 3 channels must have as many'),
    );
    tf.dispose([pixels, images]);
  });
});
