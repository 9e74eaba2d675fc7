import { kernelMode, randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectThreadsShare,
  poisonMemory,
  randomTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { scaledDotProductAttention } from '../src/index.ts';

// In a process of its own: wasm has as many threads as at its first start.
process.env['NEVEREND_THREADS'] = '2';

type Heads = [q: tf.Tensor, k: tf.Tensor, v: tf.Tensor];

const shape = { queries: 101, keys: 96, depth: 24 };

const inputs = (rows: number, heads: number): Heads =>
  (['q', 'k', 'v'] as const).map((name) =>
    randomTensor(randomKey(name), [
      ...[rows, name === 'q' ? shape.queries : shape.keys],
      ...[heads, shape.depth],
    ]),
  ) as Heads;

/** The output, and the gradients of the sum of its squares. */
function run([q, k, v]: Heads): tf.Tensor[] {
  return tf.tidy(() => {
    const attend = (...[q, k, v]: tf.Tensor[]) =>
      scaledDotProductAttention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { causal: true });
    const y = attend(q, k, v);
    return [y, ...tf.grads(attend)([q, k, v], y)];
  });
}

await describeBackends(
  'the attention of many heads',
  (backend) => {
    it.runIf(kernelMode() !== 'composite')(
      'has the bits that its rows have by themselves',
      async () => {
        const all = inputs(8, 3);
        const whole = run(all);
        const parts = Array.from({ length: 8 }, (_, row) => {
          const of = all.map((x) => tf.slice(x, [row, 0, 0, 0], [1, -1, -1, -1])) as Heads;
          const made = run(of);
          tf.dispose(of);
          return made;
        });
        for (const [at, tensor] of whole.entries()) {
          const joined = tf.concat(parts.map((made) => made[at] as tf.Tensor));
          expect(await joined.data()).toEqual(await tensor.data());
          joined.dispose();
        }
        tf.dispose([all, whole, parts]);
      },
    );

    it.runIf(kernelMode() !== 'composite' && backend === 'wasm')(
      'is done in part by another thread',
      () => {
        const all = inputs(8, 3);
        // A unit of work is 48 queries of a head; backward, after that, a head.
        const units = 8 * 3 * (Math.ceil(shape.queries / 48) * 2 + 1);
        expectThreadsShare(units, () => tf.dispose(run(all)));
        tf.dispose(all);
      },
    );

    it('has gradients with dropout that no memory of a thread spoils', async () => {
      poisonMemory();
      // The weights of a head begin at any of the four numbers that are drawn together.
      const keys = 197;
      const [q, k, v] = ['q', 'k', 'v'].map((name) =>
        randomTensor(randomKey(name), [1, keys, 6, 32]),
      );
      const dropout = { rate: 0.1, key: randomKey('dropout') };
      const attend = (...[q, k, v]: tf.Tensor[]) =>
        scaledDotProductAttention(q as tf.Tensor, k as tf.Tensor, v as tf.Tensor, { dropout });
      // Which thread takes which heads is another in each.
      for (let tries = 0; tries < 20; tries++) {
        const gradients = tf.grads(attend)([q, k, v] as Heads);
        for (const gradient of gradients) {
          expect((await gradient.data()).every(Number.isFinite)).toBe(true);
        }
        tf.dispose(gradients);
      }
      tf.dispose([q, k, v]);
    });
  },
  ['wasm', 'tensorflow'],
);
