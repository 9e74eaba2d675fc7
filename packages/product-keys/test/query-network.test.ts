import { described, randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gates, type QueryConfig, queryNetwork, retrieve, scoreFunctions } from '../src/index.ts';

const [D, H, S, C] = [5, 2, 2, 3];
const config: QueryConfig = { heads: H, sets: S, keyWidth: C };

/** Parameters of queries with any numbers. */
function makeParams(shape: readonly number[]): Record<string, tf.Tensor> {
  const some = (name: string, of: readonly number[]) => randomTensor(randomKey(name), [...of]);
  return {
    kernel: some('kernel', [D, H, S, C]),
    bias: some('bias', [H, S, C]),
    'norm/scale': some('scale', shape),
    'norm/shift': some('shift', shape),
    'norm/mean': some('mean', shape),
    'norm/variance': tf.tidy(() => tf.add(tf.square(some('variance', shape)), 0.5)),
  };
}

await describeBackends('queries', () => {
  it('are normalised by the tokens that count: padding changes nothing of theirs, nor of the running figures', async () => {
    await expectNoLeak(async () => {
      const params = makeParams([H, S, C]);
      const kept = [0, 2, 3, 6];
      const x = randomTensor(randomKey('x'), [7, D]);
      const own = tf.tidy(() => tf.gather(x, kept));
      const mask = tf.tensor1d(Array.from({ length: 7 }, (_, at) => Number(kept.includes(at))));
      const run = (input: tf.Tensor, of: tf.Tensor | undefined) =>
        queryNetwork(input, params, config, { training: true, mask: of });
      const [all, alone] = [run(x, mask), run(own, undefined)];
      const rows = tf.tidy(() => tf.gather(all.queries, kept));
      const shape = alone.queries.shape;
      await expectTensorClose(rows, { shape, data: await alone.queries.data() });
      for (const name of ['norm/mean', 'norm/variance']) {
        const expected = alone.updates[name] as tf.Tensor;
        const numbers = { shape: expected.shape, data: await expected.data() };
        await expectTensorClose(all.updates[name] as tf.Tensor, numbers);
      }
      // Gradients of what counts, by what counts.
      const dy = randomTensor(randomKey('dy'), [4, H, S, C]);
      const gradients = [
        tf.grad((input: tf.Tensor) => tf.tidy(() => tf.gather(run(input, mask).queries, kept)))(
          x,
          dy,
        ),
        tf.grad((input: tf.Tensor) => tf.tidy(() => run(input, undefined).queries))(own, dy),
      ] as const;
      const ofKept = tf.tidy(() => tf.gather(gradients[0], kept));
      await expectTensorClose(ofKept, { shape: [4, D], data: await gradients[1].data() });
      tf.dispose([params, x, own, mask, all.queries, all.updates, alone.queries, alone.updates]);
      tf.dispose([rows, dy, gradients, ofKept] as tf.TensorContainer);
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e20])(
    'of tokens that count know nothing of padding with %d in it, nor do gradients and running figures',
    async (bad) => {
      const params = makeParams([H, S, C]);
      const kept = [0, 2, 3];
      const clean = randomTensor(randomKey('x'), [4, D]);
      const spoilt = tf.tidy(() => {
        const rows = tf.unstack(clean);
        rows[1] = tf.tensor1d([bad, 1, -bad, 0, bad]);
        return tf.stack(rows);
      });
      const mask = tf.tensor1d([1, 0, 1, 1]);
      const dy = randomTensor(randomKey('dy'), [3, H, S, C]);
      for (const norm of ['batch', 'layer', 'none'] as const) {
        const own = norm === 'layer' ? makeParams([S, C]) : params;
        for (const training of [true, false]) {
          const run = (input: tf.Tensor, kernel: tf.Tensor) =>
            queryNetwork(input, { ...own, kernel }, { ...config, norm }, { training, mask });
          const all = (input: tf.Tensor) => {
            const kernel = own['kernel'] as tf.Tensor;
            const gradients = tf.grads((x: tf.Tensor, w: tf.Tensor) =>
              tf.tidy(() => tf.gather(run(x, w).queries, kept)),
            )([input, kernel], dy);
            const { queries, updates } = run(input, kernel);
            return [tf.gather(queries, kept), ...gradients, ...Object.values(updates)];
          };
          const expected = all(clean);
          for (const [at, found] of all(spoilt).entries()) {
            const { shape } = expected[at] as tf.Tensor;
            const data = await (expected[at] as tf.Tensor).data();
            expect(data.every(Number.isFinite)).toBe(true);
            await expectTensorClose(found, { shape, data }, { rtol: 0, atol: 0 });
          }
        }
      }
    },
  );

  it('leave the running figures alone where no token counts', async () => {
    const params = makeParams([H, S, C]);
    const x = randomTensor(randomKey('x'), [3, D]);
    const { queries, updates } = queryNetwork(x, params, config, {
      training: true,
      mask: tf.zeros([3]),
    });
    for (const name of ['norm/mean', 'norm/variance']) {
      const before = { shape: [H, S, C], data: await (params[name] as tf.Tensor).data() };
      await expectTensorClose(updates[name] as tf.Tensor, before);
    }
    tf.dispose([params, x, queries, updates]);
  });

  it('have the gradients of finite differences, in training with padding', async () => {
    const params = makeParams([H, S, C]);
    const x = randomTensor(randomKey('x'), [6, D]);
    const dy = randomTensor(randomKey('dy'), [6, H, S, C]);
    const mask = tf.tensor1d([1, 1, 0, 1, 1, 0]);
    const loss = (input: tf.Tensor, kernel: tf.Tensor, scale: tf.Tensor) =>
      tf.tidy(() => {
        const own = { ...params, kernel, 'norm/scale': scale };
        const { queries } = queryNetwork(input, own, config, { training: true, mask });
        return tf.sum(tf.mul(queries, dy)) as tf.Scalar;
      });
    const inputs = [x, params['kernel'], params['norm/scale']] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const gradients = tf.grads(loss)(inputs);
    for (const [at, input] of inputs.entries()) {
      const direction = randomTensor(randomKey('direction', at), input.shape);
      const moved = async (by: number) => {
        const there = inputs.map((one, i) =>
          i === at ? tf.tidy(() => tf.add(one, tf.mul(direction, by))) : one,
        ) as typeof inputs;
        return (await loss(...there).data())[0] ?? Number.NaN;
      };
      const step = 1e-2;
      const difference = ((await moved(step)) - (await moved(-step))) / (2 * step);
      const slope = tf.sum(tf.mul(gradients[at] as tf.Tensor, direction));
      const expected = (await slope.data())[0] ?? Number.NaN;
      // The error of the difference goes by the square of the step; float32 sums lose 1e-6 of some 30, by the step 5e-3.
      expect(Math.abs(difference - expected)).toBeLessThan(0.01 * Math.abs(expected) + 0.02);
    }
  });

  it('with a layer norm are normalised head by head', async () => {
    const params = makeParams([S, C]);
    const x = randomTensor(randomKey('x'), [3, D]);
    const { queries } = queryNetwork(x, params, { ...config, norm: 'layer' });
    const expected = tf.tidy(() => {
      const plain = tf.add(
        tf.matMul(x, tf.reshape(params['kernel'] as tf.Tensor, [D, H * S * C])),
        tf.reshape(params['bias'] as tf.Tensor, [H * S * C]),
      );
      const { mean, variance } = tf.moments(tf.reshape(plain, [3, H, S * C]), 2, true);
      const unit = tf.div(
        tf.sub(tf.reshape(plain, [3, H, S * C]), mean),
        tf.sqrt(tf.add(variance, 1e-5)),
      );
      const own = (name: string) => tf.reshape(params[name] as tf.Tensor, [S * C]);
      return tf.add(tf.mul(unit, own('norm/scale')), own('norm/shift'));
    });
    await expectTensorClose(queries, { shape: [3, H, S, C], data: await expected.data() });
  });

  it('drop numbers where they are told to', async () => {
    const params = makeParams([H, S, C]);
    const x = randomTensor(randomKey('x'), [50, D]);
    const plain = queryNetwork(x, params, config).queries;
    const dropped = queryNetwork(x, params, config, {
      dropout: { rate: 0.25, key: randomKey(1) },
    }).queries;
    const [a, b] = [await plain.data(), await dropped.data()];
    const zeros = b.filter((value) => value === 0).length / b.length;
    expect(zeros).toBeGreaterThan(0.15);
    expect(zeros).toBeLessThan(0.35);
    for (const [at, value] of b.entries()) {
      if (value !== 0) expect(value).toBeCloseTo((a[at] ?? 0) / 0.75, 4);
    }
  });
});

await describeBackends('gates', () => {
  it.each(scoreFunctions)('of any scores at the least temperature are no NaN: %s', async (by) => {
    const scores = tf.tensor2d([
      [5, 4.5, -3],
      [-1, -1, -2],
      [0, 0, -0],
    ]);
    const weights = gates(scores, by, 1.18e-38);
    const far = by === 'relu' ? Number.POSITIVE_INFINITY : 1;
    const expected = {
      softmax: [1, 0, 0, 0.5, 0.5, 0, 1 / 3, 1 / 3, 1 / 3],
      sigmoid: [far, far, 0, 0, 0, 0, 0.5, 0.5, 0.5],
      relu: [far, far, 0, 0, 0, 0, 0, 0, 0],
    }[by];
    const found = [...(await weights.data())];
    for (const [at, value] of found.entries()) {
      if (expected[at] === far) expect(value).toBe(far);
      else expect(value).toBeCloseTo(expected[at] as number, 6);
    }
    tf.dispose([scores, weights]);
  });

  it('at a temperature are those of divided scores, and so are gradients', async () => {
    const scores = randomTensor(randomKey('scores'), [4, 5], 30);
    const dy = randomTensor(randomKey('dy'), [4, 5]);
    for (const by of scoreFunctions) {
      const of = (temperature: number, x: tf.Tensor) =>
        tf.tidy(() => [
          gates(x, by, temperature),
          tf.grad((one: tf.Tensor) => gates(one, by, temperature))(x, dy),
        ]) as [tf.Tensor, tf.Tensor];
      const divided = tf.tidy(() => tf.div(scores, 7));
      const [expected, found] = [of(1, divided), of(7, scores)];
      const slope = tf.tidy(() => tf.div(expected[1], 7));
      await expectTensorClose(found[0], { shape: [4, 5], data: await expected[0].data() });
      await expectTensorClose(found[1], { shape: [4, 5], data: await slope.data() });
      tf.dispose([expected, found, divided, slope]);
    }
    tf.dispose([scores, dy]);
  });
});

describe('gates', () => {
  it('refuse what they are not', () => {
    const scores = tf.zeros([2, 3]);
    expect(() => gates(scores, 'max' as never)).toThrow('by was "max"');
    expect(() => gates(undefined as never)).toThrow('scores was undefined');
    for (const none of [0, -1, Number.NaN, 1e-38, 1e39, '2', null]) {
      expect(() => gates(scores, 'softmax', none as never)).toThrow(
        `temperature was ${described(none)}`,
      );
    }
    scores.dispose();
  });
});

it('retrieve and queryNetwork refuse what does not fit, by name', () => {
  const x = tf.zeros([2, 4]);
  const of = { heads: 8, k: 1, sizes: [40_000, 40_000], keyWidth: 2 };
  expect(() => retrieve(x, {}, of)).toThrow('params["keys/0"] was missing');
  expect(() => retrieve(x, {}, { ...of, splitTables: true })).toThrow(
    'sizes [40000, 40000] of 8 tables are 12800000000 items',
  );
  expect(() => retrieve(x, {}, { ...of, scores: 'max' as never })).toThrow('scores was "max"');
  expect(() => retrieve(x, {}, { ...of, key: 1 } as never)).toThrow('retrieve has no option "key"');
  expect(() => retrieve(x, {}, of, { train: true } as never)).toThrow('no option "train"');
  expect(() => retrieve(x, {}, undefined as never)).toThrow(
    'the options of retrieve were undefined',
  );
  expect(() => queryNetwork(x, undefined as never, config)).toThrow('params was undefined');
  expect(() => queryNetwork(x, {}, undefined as never)).toThrow(
    'the options of queryNetwork were undefined',
  );
  x.dispose();
});
