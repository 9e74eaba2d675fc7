import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors, type NamedArray } from '@neverend/checkpoint';
import { readNpz, readSafetensors } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeNpz } from '../../src/cli/write-npz.ts';
import { trecvit } from './capture.ts';
import { config, type Fixture, makeFixture } from './fixture.ts';
import { serveFolder } from './serve-folder.ts';

let files: Fixture;
beforeAll(async () => {
  files = await makeFixture();
});
afterAll(() => files?.remove());

describe('trecvit convert', () => {
  it('writes an .npz as NumPy does, and reads it into a folder again', async () => {
    const [npz, again] = ['model.npz', 'again'].map((name) => join(files.folder, name));
    const there = await trecvit('convert', files.model, npz as string);
    expect(there).toMatchObject({
      code: 0,
      stdout: `${npz}: 2,559 parameters\n`,
      stderr: expect.stringMatching(
        /^\S+model\.npz holds parameters alone; to convert it back, add --labels <file> --frames 4 --frames-per-second 12\.5 --crop centre$/m,
      ),
    });
    const { tensors } = await readSafetensors(join(files.model, 'model.safetensors'));
    const arrays: Record<string, NamedArray> = {};
    for await (const [name, array] of readNpz(npz as string)) arrays[name] = array;
    expect(arrays).toEqual(tensors);
    const back = await trecvit(
      'convert',
      npz as string,
      again as string,
      ...['--frames', '4', '--frames-per-second', '9', '--crop', 'squeeze', '--json'],
    );
    expect(JSON.parse(back.stdout)).toMatchObject({ model: again, input: { framesPerSecond: 9 } });
    expect((await readSafetensors(join(again as string, 'model.safetensors'))).tensors).toEqual(
      tensors,
    );
    const card = JSON.parse(await readFile(join(again as string, 'config.json'), 'utf8'));
    expect(card.config).toEqual(config);
    expect(card.input).toMatchObject({ framesPerSecond: 9, crop: 'squeeze' });
  });
});

describe('where trecvit convert cannot write', () => {
  it.each([
    ['nowhere/a.npz', /^trecvit: nowhere does not exist; it must be the folder for a\.npz\n$/],
    ['plain', /plain is a file; it must be a folder, or not exist yet\n$/],
    ['folder.npz', /folder\.npz is a folder; it must be a file, or not exist yet\n$/],
  ])('says so of %s before it reads the model', async (name, message) => {
    await writeFile(join(files.folder, 'plain'), '');
    await mkdir(join(files.folder, 'folder.npz'), { recursive: true });
    const to = name.startsWith('nowhere') ? name : join(files.folder, name);
    const { code, stdout, stderr } = await trecvit('convert', files.model, to);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('load ');
  });
});

describe('trecvit convert --vit', () => {
  it('puts the blocks of a vision transformer into a new model', async () => {
    const [vit, start] = ['vit.npz', 'start'].map((name) => join(files.folder, name));
    const arrays = Object.entries(vitShapes).map(
      ([name, shape], index) => [name, tf.fill(shape, index)] as const,
    );
    await writeNpz(vit as string, Object.fromEntries(arrays), AbortSignal.any([]));
    tf.dispose(arrays.map(([, tensor]) => tensor));
    const outcome = await trecvit('convert', vit as string, start as string, '--vit', '--json');
    expect(outcome.stderr).toMatch(/^not taken: head\/kernel, head\/bias$/m);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ model: start, parameters: 11_230_864 });
    const { tensors } = await readSafetensors(join(start as string, 'model.safetensors'));
    const names = Object.keys(vitShapes);
    const kernel = 'MlpBlock_3/Dense_0/kernel';
    for (const layer of [0, 11]) {
      const found = tensors[`encoder/encoderblock_${layer}/MlpBlock_0/Dense_0/kernel`];
      const value = names.indexOf(`Transformer/encoderblock_${layer}/${kernel}`);
      expect(found?.data.every((number) => number === value)).toBe(true);
    }
  });

  it('takes those of a file that leaves pooling and positions open', async () => {
    const [vit, start] = ['gap.npz', 'gap'].map((name) => join(files.folder, name));
    const arrays = Object.entries(vitShapes).flatMap(([name, shape]) =>
      /^cls$|pos_embedding/.test(name)
        ? []
        : [
            [
              name
                .replace('Attention_1', 'Attention_0')
                .replace('MlpBlock_3', 'MlpBlock_0')
                .replace('LayerNorm_2', 'LayerNorm_1'),
              tf.zeros(shape),
            ] as const,
          ],
    );
    await writeNpz(vit as string, Object.fromEntries(arrays), AbortSignal.any([]));
    tf.dispose(arrays.map(([, tensor]) => tensor));
    const args = ['convert', vit as string, start as string, '--vit', '--quiet'];
    expect(await trecvit(...args)).toMatchObject({ code: 0, stderr: '' });
  });

  it('takes it from an address, and from the cache where it is offline', async () => {
    const server = await serveFolder(files.folder);
    const [cache, there, here] = ['vit-cache', 'vit-1', 'vit-2'].map((name) =>
      join(files.folder, name),
    ) as [string, string, string];
    const args = ['--vit', '--cache', cache, '--quiet'];
    try {
      const online = await trecvit('convert', `${server.url}vit.npz`, there, ...args);
      expect(online).toMatchObject({ code: 0, stderr: '' });
    } finally {
      await server.close();
    }
    const offline = await trecvit('convert', `${server.url}vit.npz`, here, ...args, '--offline');
    expect(offline).toMatchObject({ code: 0, stderr: '' });
    const weights = (folder: string) => readFile(join(folder, 'model.safetensors'));
    expect((await weights(here)).equals(await weights(there))).toBe(true);
    expect((await weights(here)).equals(await weights(join(files.folder, 'start')))).toBe(true);
  });

  it('takes the form of GELU and the epsilon from a config.json', async () => {
    const [vit, start] = ['timm', 'timm-start'].map((name) => join(files.folder, name)) as [
      string,
      string,
    ];
    await mkdir(vit);
    const tensors = Object.fromEntries(
      Object.entries(timmShapes).map(([name, shape]) => {
        const size = shape.reduce((product, length) => product * length, 1);
        return [name, { dtype: 'float32' as const, shape, data: new Float32Array(size) }];
      }),
    );
    await writeFile(join(vit, 'model.safetensors'), encodeSafetensors(tensors));
    const card = join(vit, 'config.json');
    await writeFile(card, '{ "architecture":');
    const args = ['convert', vit, start, '--vit', '--quiet'];
    const { code, stderr } = await trecvit(...args);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `trecvit: ${vit}: its config.json is no JSON\n`,
    });
    await writeFile(card, JSON.stringify({ architecture: 'vit_tiny_patch16_clip_224' }));
    expect(await trecvit(...args)).toMatchObject({ code: 0, stderr: '' });
    const { config } = JSON.parse(await readFile(join(start, 'config.json'), 'utf8'));
    expect([config.gelu, config.normEps]).toEqual(['erf', 1e-5]);
  });

  it('is one line for what is no vision transformer', async () => {
    const npz = join(files.folder, 'other.npz');
    await trecvit('convert', files.model, npz);
    const { code, stderr } = await trecvit('convert', npz, 'x', '--vit', '--quiet');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^trecvit: .*other\.npz is no vision transformer of a width of 192[^\n]*\n$/,
    );
  });
});

/** ViT-Ti/16 in the layout of timm, as CLIP's. */
const timmShapes: Readonly<Record<string, number[]>> = {
  'patch_embed.proj.weight': [192, 3, 16, 16],
  ...{ 'norm_pre.weight': [192], 'norm_pre.bias': [192] },
  ...{ cls_token: [1, 1, 192], pos_embed: [1, 197, 192] },
  ...{ 'norm.weight': [192], 'norm.bias': [192] },
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, layer) => {
      const layers: Record<string, number[]> = {
        ...{ norm1: [192], norm2: [192], 'attn.qkv': [576, 192], 'attn.proj': [192, 192] },
        ...{ 'mlp.fc1': [768, 192], 'mlp.fc2': [192, 768] },
      };
      return Object.entries(layers).flatMap(([name, shape]) => [
        [`blocks.${layer}.${name}.weight`, shape] as const,
        [`blocks.${layer}.${name}.bias`, shape.slice(0, 1)] as const,
      ]);
    }).flat(),
  ),
};

/** ViT-Ti/16 in the layout of github.com/google-research/vision_transformer. */
const vitShapes: Readonly<Record<string, number[]>> = {
  ...{ 'embedding/kernel': [16, 16, 3, 192], 'embedding/bias': [192], cls: [1, 1, 192] },
  'Transformer/posembed_input/pos_embedding': [1, 197, 192],
  ...{ 'Transformer/encoder_norm/scale': [192], 'Transformer/encoder_norm/bias': [192] },
  ...{ 'head/kernel': [192, 5], 'head/bias': [5] },
  ...Object.fromEntries(
    Array.from({ length: 12 }, (_, layer) => {
      const dense = (name: string, from: number[], to: number[]) => [
        [`${name}/kernel`, [...from, ...to]] as const,
        [`${name}/bias`, to] as const,
      ];
      const norm = (name: string) =>
        ['scale', 'bias'].map((part) => [`${name}/${part}`, [192]] as const);
      return [
        ...['LayerNorm_0', 'LayerNorm_2'].flatMap(norm),
        ...['query', 'key', 'value'].flatMap((name) =>
          dense(`MultiHeadDotProductAttention_1/${name}`, [192], [3, 64]),
        ),
        ['MultiHeadDotProductAttention_1/out/kernel', [3, 64, 192]] as const,
        ['MultiHeadDotProductAttention_1/out/bias', [192]] as const,
        ...dense('MlpBlock_3/Dense_0', [192], [768]),
        ...dense('MlpBlock_3/Dense_1', [768], [192]),
      ].map(([name, shape]) => [`Transformer/encoderblock_${layer}/${name}`, [...shape]] as const);
    }).flat(),
  ),
};
