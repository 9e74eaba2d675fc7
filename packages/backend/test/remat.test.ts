import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { hasCode, randomKey, remat } from '../src/index.ts';
import { recordsGradients } from '../src/packed-weights.ts';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
  randomTensor,
} from '../src/testing/index.ts';

type Op = (...xs: tf.Tensor[]) => tf.Tensor;

const block: Op = (x, w) => tf.tanh(tf.matMul(tf.sigmoid(x as tf.Tensor), w as tf.Tensor));
const inputs = () => [
  randomTensor(randomKey(11, 'x'), [4, 3]),
  randomTensor(randomKey(11, 'w'), [3, 3]),
];

/** Holds the gradients of a function with remat against those of the same without. */
async function expectSameGradients(plain: Op, withRemat: Op, xs: tf.Tensor[]): Promise<void> {
  const expected = tf.grads(plain)(xs);
  const actual = tf.grads(withRemat)(xs);
  for (const [index, gradient] of actual.entries()) {
    const other = expected[index] as tf.Tensor;
    await expectTensorClose(gradient, { shape: other.shape, data: await other.data() });
  }
  await expectNoLeak(() => tf.dispose(tf.grads(withRemat)(xs)));
}

await describeBackends('remat', (backend) => {
  beforeAll(() => poisonMemory());

  it('gives what the function gives', async () => {
    const xs = inputs();
    const y = remat(block)(...xs);
    await expectTensorClose(y, await block(...xs).data());
    await expectNoLeak(() => remat(block)(...xs).dispose());
  });

  it('names what is no function, no argument and no result', () => {
    expect(() => remat(undefined as never)).toThrow(
      new TypeError('f was undefined; it must be a function of tensors'),
    );
    for (const run of [<T>(f: () => T) => f(), (f: () => tf.Scalar) => tf.grad(f)(tf.scalar(1))]) {
      const called = (f: () => unknown, ...args: unknown[]) =>
        tf.tidy(() => run(() => remat(f as Op)(...(args as tf.Tensor[])) as tf.Scalar));
      expect(() => called(() => tf.scalar(1), 3)).toThrow(
        new TypeError('argument 1 of f was 3; it must be a tensor'),
      );
      expect(() => called(() => undefined)).toThrow(
        new TypeError('the result of f was undefined; it must be a tensor'),
      );
    }
  });

  it('is needed: a gradient inside a customGrad fails in stock TensorFlow.js', () => {
    const naive = tf.customGrad((x) => ({
      value: tf.sigmoid(x as tf.Tensor),
      gradFunc: (dy: tf.Tensor) => tf.grad(tf.sigmoid)(x as tf.Tensor, dy),
    }));
    expect(() => tf.grad((x: tf.Tensor) => naive(x))(tf.scalar(0))).toThrow(/forEach/);
  });

  it('gives the gradient of the function', async () => {
    await expectSameGradients(block, remat(block), inputs());
  });

  it('gives it through a chain of blocks', async () => {
    const chain =
      (f: Op): Op =>
      (x, w) =>
        f(f(f(x as tf.Tensor, w as tf.Tensor), w as tf.Tensor), w as tf.Tensor);
    await expectSameGradients(chain(block), chain(remat(block)), inputs());
  });

  it('may be nested', async () => {
    const twice =
      (f: Op): Op =>
      (x, w) =>
        tf.mul(f(f(x as tf.Tensor, w as tf.Tensor), w as tf.Tensor), 2);
    await expectSameGradients(twice(block), remat(twice(remat(block))), inputs());
  });

  it('keeps the inputs alone until the backward pass', () => {
    const [x, w] = [tf.ones([64, 32]), tf.ones([32, 32])];
    const deep: Op = (y) => {
      let z = y as tf.Tensor;
      for (let layer = 0; layer < 6; layer++) z = tf.tanh(tf.matMul(tf.sigmoid(z), w));
      return z;
    };
    const kept = (f: Op): number => {
      const before = tf.memory().numTensors;
      let after = 0;
      const gradient = tf.grad((y: tf.Tensor) => {
        // What a tidy leaves is the result and what the record keeps.
        const z = tf.tidy(() => f(y));
        after = tf.memory().numTensors;
        return z;
      })(x);
      gradient.dispose();
      return after - before;
    };
    expect(kept(remat(deep))).toBe(2);
    expect(kept(deep)).toBeGreaterThan(18);
  });

  it('gives several outputs', async () => {
    const f = (x: tf.Tensor): tf.Tensor[] => [tf.square(x), tf.sin(x), tf.mul(x, 3)];
    const sum =
      (g: typeof f): Op =>
      (x) => {
        const [a, b] = g(x as tf.Tensor) as [tf.Tensor, tf.Tensor];
        return tf.add(tf.mul(a, b), b);
      };
    await expectSameGradients(sum(f), sum(remat(f)), [tf.tensor1d([-1, 0.5, 2])]);
  });

  it('gives an output that is an input, and one output twice', async () => {
    const f = (x: tf.Tensor): tf.Tensor[] => {
      const y = tf.square(x);
      return [x, y, y];
    };
    const product =
      (g: typeof f): Op =>
      (x) =>
        g(x as tf.Tensor).reduce((a, b) => tf.mul(a, b));
    await expectSameGradients(product(f), product(remat(f)), [tf.tensor1d([-1, 0.5, 2])]);
    await expectSameGradients(
      (x) => tf.clone(x as tf.Tensor),
      remat((x: tf.Tensor) => tf.clone(x)) as Op,
      [tf.tensor1d([1, 2])],
    );
    await expectSameGradients(
      (x) => tf.mul(x as tf.Tensor, 2),
      (x) => tf.mul(remat((y: tf.Tensor) => y)(x as tf.Tensor), 2),
      [tf.tensor1d([1, 2])],
    );
  });

  it('passes integers, and takes no gradient of them', async () => {
    const table = tf.tensor2d([1, 2, 3, 4], [2, 2]);
    const indices = tf.tensor1d([1, 1, 0], 'int32');
    const f = remat((t: tf.Tensor, i: tf.Tensor) => tf.square(tf.gather(t, i)));
    const [gradient] = tf.grads((t: tf.Tensor) => f(t, indices))([table]) as [tf.Tensor];
    await expectTensorClose(gradient, { shape: [2, 2], data: [2, 4, 12, 16] });
  });

  it('draws the same numbers again where they have a seed', async () => {
    const x = tf.ones([100]);
    const f = (y: tf.Tensor) => tf.square(tf.dropout(y, 0.5, undefined, 7));
    const y = await f(x).data();
    const gradient = tf.grad(remat(f))(x);
    // Kept elements are 2x: their square is 4x^2, with gradient 8x.
    await expectTensorClose(
      gradient,
      y.map((value) => 2 * value),
    );
    expect(new Set(y)).toEqual(new Set([0, 4]));
  });

  it('recomputes no less and no more than once', () => {
    let calls = 0;
    const f = remat((x: tf.Tensor, w: tf.Tensor) => {
      calls++;
      return block(x, w);
    });
    f(...(inputs() as [tf.Tensor, tf.Tensor]));
    expect(calls).toBe(1);
    tf.grads(f as Op)(inputs());
    expect(calls).toBe(3);
  });

  it('gives gradients of gradients', async () => {
    const f: Op = (x) => tf.mul(tf.sin(x as tf.Tensor), tf.square(x as tf.Tensor));
    const second =
      (g: Op): Op =>
      (x) =>
        tf.grad((y: tf.Tensor) => g(y))(x as tf.Tensor);
    await expectSameGradients(second(f), second(remat(f)), [tf.tensor1d([-1, 0.5, 2])]);
  });

  it('runs the function both times as what a gradient is taken of, by the same kernels', () => {
    const seen: boolean[] = [];
    const f = remat((x: tf.Tensor) => {
      seen.push(recordsGradients());
      return tf.square(x);
    });
    tf.tidy(() => void tf.grad((x: tf.Tensor) => f(x))(tf.scalar(2)));
    tf.tidy(() => void f(tf.scalar(2)));
    expect(seen).toEqual([true, true, false]);
  });

  it('takes a function that takes gradients, of any order', async () => {
    const cube: Op = (x) => tf.sum(tf.pow(x as tf.Tensor, 3));
    // 3 x^2, whose slopes are 6 x and then 6.
    const slopes = (x: tf.Tensor) =>
      tf.mul(tf.grad((z: tf.Tensor) => cube(z))(x), tf.clone(tf.scalar(1)));
    const sum = (x: tf.Tensor) => tf.sum(remat(slopes)(x));
    const x = tf.tensor1d([1, 2]);
    await expectTensorClose(remat(slopes)(x), [3, 12]);
    await expectTensorClose(tf.grad(sum)(x), [6, 12]);
    await expectTensorClose(tf.grad((x) => tf.sum(tf.grad(sum)(x)))(x), [6, 6]);
    const nested = remat((x: tf.Tensor) => tf.grad(sum)(x));
    await expectTensorClose(tf.grad((x: tf.Tensor) => tf.sum(nested(x)))(x), [6, 6]);
    await expectNoLeak(() => tf.grad(sum)(x).dispose());
  });

  it('leaves the record as it was where the function throws', async () => {
    const x = tf.scalar(2);
    const broken = remat((): tf.Tensor => {
      throw new Error('broken');
    });
    expect(() => tf.grad((y: tf.Tensor) => tf.add(broken(), y))(x)).toThrow('broken');
    let calls = 0;
    const later = remat((y: tf.Tensor) => {
      if (++calls === 2) throw new Error('the second time');
      return tf.square(y);
    });
    expect(() => tf.grad((y: tf.Tensor) => later(y))(x)).toThrow('the second time');
    await expectTensorClose(tf.grad((y: tf.Tensor) => tf.square(y))(x), [4]);
    expect(tf.engine().state.gradientDepth).toBe(0);
    expect(tf.engine().state.kernelDepth).toBe(0);
  });

  describe('reads from outside', () => {
    it('variables, which get their gradients', async () => {
      const w = tf.variable(randomTensor(randomKey(12, 'w'), [3, 3]));
      const bias = tf.variable(tf.tensor1d([0.1, 0.2, 0.3]));
      const x = randomTensor(randomKey(12, 'x'), [4, 3]);
      const layer = (y: tf.Tensor) => tf.relu(tf.add(tf.matMul(y, w), bias));
      const loss = (f: (y: tf.Tensor) => tf.Tensor) => () =>
        tf.sum(tf.square(f(f(x)))) as tf.Scalar;
      const expected = tf.variableGrads(loss(layer));
      const { value, grads } = tf.variableGrads(loss(remat(layer)));
      await expectTensorClose(value, await expected.value.data());
      for (const { name } of [w, bias]) {
        const data = await (expected.grads[name] as tf.Tensor).data();
        await expectTensorClose(grads[name] as tf.Tensor, data);
      }
      await expectNoLeak(() => tf.dispose(tf.variableGrads(loss(remat(layer)))));
      // Nested, the inner call reads them as well.
      const nested = remat((y: tf.Tensor) => tf.mul(remat(layer)(y), 1));
      const inNested = tf.variableGrads(loss(nested)).grads;
      await expectTensorClose(
        inNested[w.name] as tf.Tensor,
        await (expected.grads[w.name] as tf.Tensor).data(),
      );
      tf.dispose([w, bias]);
    });

    it('tensors, which get their gradients, also where an argument is read in both ways', async () => {
      const x = tf.tensor1d([1, 2, 3]);
      const f = (g: (y: tf.Tensor) => tf.Tensor, y: tf.Tensor) => g(y);
      await expectSameGradients(
        (y) => f((z) => tf.mul(tf.square(z), y as tf.Tensor), y as tf.Tensor),
        (y) =>
          f(
            remat((z: tf.Tensor) => tf.mul(tf.square(z), y as tf.Tensor)),
            y as tf.Tensor,
          ),
        [x],
      );
    });

    it('a tensor that it gives as it is', async () => {
      const x = tf.tensor1d([1, 2, 3]);
      await expectSameGradients(
        (y) => tf.square(y as tf.Tensor),
        (y) => tf.square(remat((_z: tf.Tensor) => y as tf.Tensor)(tf.scalar(0))),
        [x],
      );
    });

    it('a tensor that is gone by then: an error says to pass it', () => {
      const x = tf.tensor1d([1, 2, 3]);
      const f = (y: tf.Tensor) => {
        const doubled = tf.mul(y, 2);
        return remat((z: tf.Tensor) => tf.mul(tf.square(z), doubled))(y);
      };
      expect(() => tf.grad(f)(x)).toThrow(
        'f reads a tensor of shape [3] from outside, which was disposed before the backward pass; ' +
          'pass it as an argument',
      );
    });

    it('a variable that was assigned in between: an error says so', () => {
      const v = tf.variable(tf.scalar(3), true, 'assigned-in-between');
      const f = (y: tf.Tensor) => {
        const z = remat((x: tf.Tensor) => tf.mul(x, v))(y);
        v.assign(tf.scalar(4));
        return z;
      };
      let failure: unknown;
      try {
        tf.grad(f)(tf.scalar(2));
      } catch (error) {
        failure = error;
      }
      expect(hasCode(failure, 'NEVEREND_REMAT')).toBe(true);
      expect(String(failure), backend).toContain('the variable "assigned-in-between"');
      v.dispose();
    });
  });
});
