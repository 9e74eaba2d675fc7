import { randomInt, randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectCloseToScale,
  expectNoLeak,
  expectTensorClose,
  officialTolerances,
  poisonMemory,
  readGolden,
  toTensor,
} from '@neverend/backend/testing';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  crossEntropy,
  LanguageModel,
  type LanguageModelConfig,
  type LanguageModelResult,
  languageModel,
  languageModelCosts,
  paramShapes,
} from '../../src/index.ts';
import { tokenLosses } from '../../src/language-model/cross-entropy.ts';
import { disposeAll } from '../../src/language-model/tidied.ts';
import { tiny } from '../tiny.ts';

const someTokens = (rows: number, length: number, below = tiny.vocabulary): tf.Tensor2D => {
  const data = Int32Array.from(randomInt(randomKey('tokens', rows, length), rows * length, below));
  return tf.tensor2d(data, [rows, length], 'int32');
};

await describeBackends('languageModel', (backend) => {
  const tolerance = officialTolerances[backend];

  it("equals PyTorch's: logits, losses, picks and every gradient", async () => {
    poisonMemory();
    const { meta, arrays } = readGolden(new URL('../golden/language-model.json', import.meta.url));
    const config = meta['config'] as LanguageModelConfig;
    const array = (name: string) => {
      const { shape, data } = arrays[name] ?? { shape: [], data: [] };
      return { shape, data: Float64Array.from(data) };
    };
    await expectNoLeak(async () => {
      const names = Object.keys(paramShapes(config));
      const values = names.map((name) => toTensor(array(`w/${name}`)));
      const [tokens, targets] = ['tokens', 'targets'].map((name) => {
        const { shape, data } = array(name);
        return tf.tensor(Int32Array.from(data), [...shape], 'int32');
      }) as [tf.Tensor, tf.Tensor];
      const run = (params: readonly tf.Tensor[]) => {
        const named = Object.fromEntries(names.map((name, at) => [name, params[at] as tf.Tensor]));
        return languageModel(tokens, named, config, { training: true, picks: true });
      };
      const result = run(values);
      const entropy = crossEntropy(result.logits, targets);
      const gradients = tf.grads((...params: tf.Tensor[]) => {
        const { logits, auxiliaryLoss } = run(params);
        return tf.add(crossEntropy(logits, targets), auxiliaryLoss as tf.Scalar);
      })(values);
      try {
        await expectCloseToScale('logits', result.logits, array('logits'), tolerance);
        await expectCloseToScale('entropy', entropy, array('entropy'), tolerance);
        await expectCloseToScale(
          'beside',
          result.auxiliaryLoss as tf.Tensor,
          array('extra'),
          tolerance,
        );
        expect(Object.keys(result.picks)).toEqual(['1']);
        const picked = tf.squeeze(result.picks[1]?.indices as tf.Tensor, [1]);
        await expectTensorClose(picked, array('picked'));
        picked.dispose();
        for (const [at, name] of names.entries()) {
          await expectCloseToScale(name, gradients[at] as tf.Tensor, array(`g/${name}`), tolerance);
        }
      } finally {
        tf.dispose([values, tokens, targets, entropy, gradients]);
        disposeAll(result);
      }
    });
  });

  it('with a cache gives what it gives for the whole sequence, however that is cut', async () => {
    await expectNoLeak(async () => {
      const model = LanguageModel.init(tiny, randomKey(3));
      const tokens = someTokens(2, 7);
      const whole = model.apply(tokens);
      const parts: tf.Tensor[] = [];
      let cache: LanguageModelResult['cache'];
      for (const [start, length] of [
        [0, 3],
        [3, 1],
        [4, 2],
        [6, 1],
      ] as const) {
        const part = tf.slice(tokens, [0, start], [2, length]);
        const result = model.apply(part, { cache, wantsCache: true });
        disposeAll([part, cache ?? []]);
        cache = result.cache;
        parts.push(result.logits);
      }
      const joined = tf.concat(parts, 1);
      await expectTensorClose(joined, {
        shape: whole.logits.shape,
        data: await whole.logits.data(),
      });
      expect(cache?.[0]?.key.shape).toEqual([2, 7, 2, 4]);
      disposeAll([tokens, parts, joined, cache ?? []]);
      disposeAll(whole);
      model.dispose();
    });
  });

  it('sees no token that is still to come', async () => {
    const model = LanguageModel.init(tiny, randomKey(4));
    const tokens = someTokens(1, 6);
    const data = (await tokens.data<'int32'>()).slice();
    data[4] = ((data[4] as number) + 1) % tiny.vocabulary;
    const other = tf.tensor2d(data, [1, 6], 'int32');
    const [one, two] = [model.apply(tokens), model.apply(other)];
    const rows = async ({ logits }: LanguageModelResult) => {
      const all = await logits.data();
      return Array.from({ length: 6 }, (_, at) => [
        ...all.subarray(at * tiny.vocabulary, (at + 1) * tiny.vocabulary),
      ]);
    };
    const [a, b] = [await rows(one), await rows(two)];
    expect(a.slice(0, 4)).toEqual(b.slice(0, 4));
    expect(a[4]).not.toEqual(b[4]);
    tf.dispose([tokens, other]);
    for (const result of [one, two]) disposeAll(result);
    model.dispose();
  });

  it('crossEntropy is stable for large logits, and its gradient too', async () => {
    const logits = tf.tensor2d([
      [1000, 0, -1000],
      [0, 1000, 0],
    ]);
    const targets = tf.tensor1d([0, 0], 'int32');
    const loss = crossEntropy(logits, targets);
    const gradient = tf.grad((x: tf.Tensor) => crossEntropy(x, targets))(logits);
    await expectTensorClose(loss, [500]);
    await expectTensorClose(gradient, [0, 0, 0, -0.5, 0.5, 0]);
    tf.dispose([logits, targets, loss, gradient]);
  });

  it.each([-1, 3])('crossEntropy refuses the target %d of three', async (target) => {
    await expectNoLeak(() => {
      const logits = tf.tensor2d([0, 0, 0, 50, 0, 0], [2, 3]);
      const targets = tf.tensor1d([1, target], 'int32');
      const message = `targets had ${target} at place 1; it must have tokens from 0 to 2`;
      for (const losses of [crossEntropy, tokenLosses]) {
        expect(() => losses(logits, targets)).toThrow(message);
      }
      tf.dispose([logits, targets]);
    });
  });

  it.each([-1, 11, 257])('refuses the token %d of eleven', async (token) => {
    await expectNoLeak(() => {
      const model = LanguageModel.init(tiny, randomKey(1));
      const tokens = tf.tensor2d([[1, token, 3]], undefined, 'int32');
      expect(() => model.apply(tokens)).toThrow(
        `tokens had ${token} at place 1; it must have tokens from 0 to 10`,
      );
      tokens.dispose();
      model.dispose();
    });
  });

  it('refuses a cache of another model, and blocks that are not there', async () => {
    await expectNoLeak(() => {
      const model = LanguageModel.init(tiny, randomKey(1));
      const tokens = someTokens(1, 2);
      expect(() => model.apply(tokens, { cache: [] })).toThrow(
        'cache was of 0 blocks; the model has 2',
      );
      for (const block of [-1, 2, 0.5]) {
        expect(() => model.apply(tokens, { without: [block] })).toThrow(
          `without had ${block}; it must have blocks from 0 to 1`,
        );
      }
      tokens.dispose();
      model.dispose();
    });
  });
});

describe('LanguageModel', () => {
  it('refuses parameters that do not fit, naming all of them', async () => {
    const { norm: _, ...params } = Object.fromEntries(
      Object.entries(paramShapes(tiny)).map(([name, shape]) => [name, tf.zeros([...shape])]),
    );
    const { 'norm/scale': __, ...others } = params;
    const wrong = { ...others, embedding: tf.zeros([3, 8]), extra: tf.zeros([1]) };
    expect(() => new LanguageModel(tiny, wrong)).toThrow(ShapeError);
    expect(() => new LanguageModel(tiny, wrong)).toThrow(
      'embedding is [3,8] and not [11,8]; norm/scale is missing; extra is not expected',
    );
  });

  it.each([undefined, null, 'params'])('refuses %j as params', (params) => {
    const message = `params was ${JSON.stringify(params)}; it must be an object of tensors by names`;
    expect(() => new LanguageModel(tiny, params as unknown as Params)).toThrow(message);
    const tokens = someTokens(1, 2);
    expect(() => languageModel(tokens, params as unknown as Params, tiny)).toThrow(message);
    tokens.dispose();
  });

  it('refuses parameters that are no tensors', () => {
    const params = Object.fromEntries(Object.keys(paramShapes(tiny)).map((name) => [name, 1]));
    expect(() => new LanguageModel(tiny, params as unknown as Params)).toThrow(
      'params do not fit the model: embedding is no tensor; block_00/attention_norm/scale is no tensor',
    );
  });

  it.each([undefined, null, 'small'])('refuses %j as config, wherever it is one', (given) => {
    const config = given as unknown as LanguageModelConfig;
    const tokens = someTokens(1, 2);
    const message = `config was ${JSON.stringify(given)}; it must be an object with vocabulary`;
    for (const use of [
      () => LanguageModel.init(config, randomKey(1)),
      () => new LanguageModel(config, {}),
      () => languageModel(tokens, {}, config),
      () => languageModelCosts(config),
      () => paramShapes(config),
    ]) {
      expect(use).toThrow(message);
    }
    tokens.dispose();
  });

  it.each([
    [{ ...tiny, blocks: [null] }, 'blocks[0] was null; it must be an object with the kind'],
    [{ ...tiny, blocks: [tiny.blocks[0], 'moe'] }, 'blocks[1] was "moe"; it must be an object'],
    [{ ...tiny, blocks: 'dense' }, 'blocks was "dense"; it must be a list of feed-forwards'],
    [
      { ...tiny, blocks: [{ kind: 'dense', hidden: 4, bias: false }] },
      'a dense layer has no option "bias"; it takes hidden',
    ],
    [
      { ...tiny, blocks: [{ kind: 'moe', experts: 2, topK: 1, hidden: 4, balanc: 9 }] },
      'a mixture of experts has no option "balanc"; it takes experts, topK, hidden, balance',
    ],
    [
      { ...tiny, blocks: [{ kind: 'peer', heads: 1, k: 1, sizes: [2], keyWidth: 2, key: 1 }] },
      'a PEER layer has no option "key"',
    ],
    [
      { ...tiny, blocks: [{ kind: 'memory', heads: 1, k: 1, sizes: [2], keyWidth: 2, key: 1 }] },
      'a memory layer has no option "key"',
    ],
    [{ ...tiny, heads: 3 }, 'heads was 3; it must divide the width, which is 8, into even parts'],
    [{ ...tiny, blocks: [] }, 'blocks was empty'],
    [{ ...tiny, width: 0 }, 'width was 0'],
    [{ ...tiny, depth: 2 }, 'config has no option "depth"'],
    [{ ...tiny, blocks: [{ kind: 'wide' }] }, 'kind of a feed-forward was "wide"'],
    [{ ...tiny, blocks: [{ kind: 'dense', hidden: 0 }] }, 'hidden was 0'],
    [
      { ...tiny, blocks: [{ kind: 'moe', experts: 2, topK: 3, hidden: 4 }] },
      'topK was 3; it must be at most experts, which is 2',
    ],
  ])('refuses the sizes %j', (config, message) => {
    expect(() => LanguageModel.init(config as LanguageModelConfig, randomKey(1))).toThrow(message);
  });
});
