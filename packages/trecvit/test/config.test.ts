import { randomKey, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  initTRecViT,
  parameterCount,
  paramShapes,
  productFlops,
  stateBytes,
  TRecViT,
  type TRecViTConfig,
  type TRecViTForm,
  type TRecViTSize,
  trecvitConfig,
} from '../src/index.ts';
import { tiny } from './tiny.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

describe('the numbers of the official models', () => {
  // jax.eval_shape of the official `get_model`; the paper's widths by setting its `state_multiplier` to 1. Ti in
  // the paper's form by hand: 12 recurrent blocks of 137,472 numbers in the place of those of 323,712.
  it.each([
    ['Ti', 'released', 11_230_864],
    ['S', 'released', 37_154_704],
    ['B', 'released', 136_778_128],
    ['L', 'released', 471_797_136],
    ['Ti', 'paper', 8_995_984],
    ['S', 'paper', 30_030_736],
    ['B', 'paper', 111_913_360],
    ['L', 'paper', 386_616_720],
  ] as [TRecViTSize, TRecViTForm, number][])('%s as %s has its parameters', (size, form, count) => {
    expect(parameterCount(trecvitConfig(size, form))).toBe(count);
  });

  it('B has its parameters for the classes of Something-Something v2, as table 2 of the paper says', () => {
    expect(parameterCount(trecvitConfig('B', 'paper', { classes: 174 }))).toBe(111_218_862);
  });

  it.each([
    ['Ti', 370],
    ['S', 370],
    ['B', 370],
    ['L', 730],
  ] as [TRecViTSize, number][])('%s has as many tensors as its checkpoint', (size, count) => {
    expect(Object.keys(paramShapes(trecvitConfig(size)))).toHaveLength(count);
  });

  // Counted by hand from the sizes, in 10^9 multiplications with an addition, a clip of 32 frames.
  it.each([
    ['S', 'released', 229.28],
    ['B', 'released', 860.14],
    ['L', 'released', 3002.56],
    ['S', 'paper', 184.5],
    ['B', 'paper', 703.7],
    ['L', 'paper', 2466.4],
  ] as [TRecViTSize, TRecViTForm, number][])(
    '%s as %s has its operations',
    (size, form, gigamacs) => {
      // These have the convolution and the scan too, a thousandth of the whole.
      expect(Math.abs(productFlops(trecvitConfig(size, form)) / 2e9 / gigamacs - 1)).toBeLessThan(
        0.002,
      );
    },
  );

  it('B has within 3 % of the operations that the paper names', () => {
    for (const [frames, flops] of [
      [32, 1.44e12],
      [64, 2.89e12],
    ] as const) {
      expect(Math.abs(productFlops(trecvitConfig('B', 'paper'), frames) / flops - 1)).toBeLessThan(
        0.03,
      );
    }
  });

  it.each([
    ['S', 29_048_832],
    ['B', 58_097_664],
    ['L', 154_927_104],
  ] as [TRecViTSize, number][])(
    'a stream of %s keeps its bytes, and an average of the head',
    (size, bytes) => {
      expect(stateBytes(trecvitConfig(size))).toBe(bytes + 4 * (3072 + 1));
      expect(stateBytes(trecvitConfig(size), { batch: 3 })).toBe(
        3 * stateBytes(trecvitConfig(size)),
      );
    },
  );
});

describe('a configuration', () => {
  it.each([
    [{ layers: 0 }, 'layers was 0'],
    [{ heads: 5 }, 'heads was 5; it must divide width, which is 192'],
    [{ lruWidth: 100 }, 'gateBlocks was 3; it must divide lruWidth, which is 100'],
    [{ gateBlocks: 5 }, 'gateBlocks was 5; it must divide lruWidth, which is 384'],
    [{ decayPower: 0 }, 'decayPower was 0; it must be above 0'],
    [{ normEps: -1 }, 'normEps was -1; it must be a finite number >= 0'],
    [{ gelu: 'relu' }, 'gelu was "relu"; it must be "tanh" or "erf"'],
    [{ maxRadius: 1 }, 'maxRadius was 1; it must be below 1'],
    [
      { imageSize: [224, 230] },
      'imageSize was [224, 230]; rows and columns must be multiples of patch, which is 16',
    ],
    [{ taps: 1 }, 'taps was 1'],
    [{ minRadius: 1 }, 'minRadius was 1; it must be below maxRadius, 0.999'],
    [{ imageSize: 224 }, 'imageSize was 224; it must be [rows, columns]'],
    [{ pooling: 'gap' }, 'pooling was "gap"; it must be "token" or "average"'],
    [{ depth: 3 }, 'depth'],
  ])('is refused with %j', (changes, message) => {
    expect(() => trecvitConfig('Ti', 'released', changes as Partial<TRecViTConfig>)).toThrow(
      message,
    );
  });

  it('is of a known size and form', () => {
    expect(() => trecvitConfig('XL' as TRecViTSize)).toThrow(
      'size was "XL"; it must be one of Ti, S, B, L',
    );
    expect(() => trecvitConfig('B', 'draft' as TRecViTForm)).toThrow('form was "draft"');
  });
});

describe('parameters of other names', () => {
  const params = () => initTRecViT(randomKey(1), tiny);
  const renamed = (of: Record<string, tf.Tensor>, rename: (name: string) => string) =>
    Object.fromEntries(Object.entries(of).map(([name, tensor]) => [rename(name), tensor]));

  it('are refused by what they all begin with, if they do', () => {
    const wrapped = renamed(params(), (name) => `module.${name}`);
    expect(() => new TRecViT(tiny, wrapped)).toThrow(
      'params had names that all begin with "module.", and those of the model do not; leave it out',
    );
    tf.dispose(wrapped);
  });

  it('are all named where some fit', () => {
    const all = params();
    const [kept, ...names] = Object.keys(paramShapes(tiny));
    expect(names.length).toBeGreaterThan(20);
    const { [kept as string]: one } = all;
    expect(() => new TRecViT(tiny, { [kept as string]: one as tf.Tensor })).toThrow(
      `params lacked ${names.join(', ')}`,
    );
    tf.dispose(all);
  });

  it('of something else are named up to 20 of a kind, and the rest counted', () => {
    const others = renamed(params(), (name) => name.replaceAll('/', '.'));
    const { length } = Object.keys(others);
    const flat = Object.keys(others).filter((name) => !name.includes('/'));
    expect(flat).toHaveLength(length);
    const message = (() => {
      try {
        return String(new TRecViT(tiny, others));
      } catch (error) {
        return String(error);
      }
    })();
    expect(message).toContain(`params lacked tokenizer/embedding/kernel, `);
    expect(message).toContain(`${flat.slice(0, 20).join(', ')} and ${length - 20} more`);
    expect(message).not.toContain(flat[20]);
    tf.dispose(others);
  });
});

describe('parameters', () => {
  it.each(['token', 'average'] as const)(
    'have the shapes that are said, where the head reads the %s',
    (pooling) => {
      const config = { ...tiny, pooling };
      const params = initTRecViT(randomKey(1), config);
      const shapes = Object.fromEntries(
        Object.entries(params).map(([name, { shape }]) => [name, shape]),
      );
      expect(shapes).toEqual(paramShapes(config));
      tf.dispose(params);
    },
  );

  it('that do not fit a model are all named at once', () => {
    const params = initTRecViT(randomKey(1), tiny);
    const { 'tokenizer/cls': cls, ...rest } = params;
    const wrong = {
      ...rest,
      'encoder/encoder_norm/bias': tf.zeros([3]),
      'decoder/more': tf.zeros([1]),
    };
    expect(() => new TRecViT(tiny, wrong)).toThrow(
      'params lacked tokenizer/cls; it had what the model does not know: decoder/more; it had other shapes or types: encoder/encoder_norm/bias [3], which must be [8]',
    );
    tf.dispose([params, wrong]);
    cls?.dispose();
  });
});
