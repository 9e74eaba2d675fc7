import { kernelMode, randomKey } from '@neverend/backend';
import { describeBackends, randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it, vi } from 'vitest';
import { scaledDotProductAttention } from '../src/index.ts';

// wasm has as many threads as at its first start.
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
        let here = units;
        // Another thread takes what is left in time, if the system lets it run.
        for (let tries = 0; here === units && tries < 1000; tries++) {
          here = unitsTaken(() => tf.dispose(run(all)));
        }
        expect(here).toBeLessThan(units);
        expect(here).toBeGreaterThan(0);
        tf.dispose(all);
      },
    );
  },
  ['wasm', 'tensorflow'],
);

/** How many units of shared work this thread takes meanwhile: each with one exchange that succeeds. */
function unitsTaken(work: () => void): number {
  const exchange = vi.spyOn(Atomics, 'compareExchange');
  try {
    work();
    return exchange.mock.calls.reduce((sum, [, , from, to], call) => {
      const { value } = exchange.mock.results[call] ?? {};
      return value === from ? sum + Number(to) - Number(from) : sum;
    }, 0);
  } finally {
    exchange.mockRestore();
  }
}
