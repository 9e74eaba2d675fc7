import { readdirSync, readFileSync } from 'node:fs';
import { kernelMode, randomKey } from '@neverend/backend';
import {
  describeBackends,
  expectThreadsShare,
  randomTensor,
  unitsTaken,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { complexLinearScan, linearScan } from '../../src/index.ts';

// In a process of its own: wasm has as many threads as at its first start.
process.env['NEVEREND_THREADS'] = '2';

type Scan = (a: tf.Tensor, x: tf.Tensor) => tf.Tensor;

const real: Scan = (a, x) => linearScan(x, a).y;
/** Both parts of a are of a size that keeps it within the unit circle. */
const complex: Scan = (a, x) => {
  const { y } = complexLinearScan({ re: x, im: a }, { re: a, im: tf.neg(a) });
  return tf.add(y.re, tf.mul(y.im, 2));
};
const gradient =
  (scan: Scan): Scan =>
  (a, x) =>
    tf.grads((a, x) => scan(a as tf.Tensor, x as tf.Tensor))([a, x])[0] as tf.Tensor;
const inTidy =
  (scan: Scan): Scan =>
  (a, x) =>
    tf.tidy(() => scan(a, x));

const scans = {
  forward: inTidy(real),
  backward: inTidy(gradient(real)),
  'complex forward': inTidy(complex),
  'complex backward': inTidy(gradient(complex)),
} as const;
const directions = ['forward', 'backward', 'complex forward', 'complex backward'] as const;

const inputs = (length: number, width: number): [tf.Tensor, tf.Tensor] => [
  randomTensor(randomKey('a'), [1, length, width], 0.3),
  randomTensor(randomKey('x'), [1, length, width]),
];

/** Both directions of a sequence of this size, for nothing. */
function run(length: number, width: number): void {
  const of = inputs(length, width);
  for (const direction of directions) scans[direction](...of).dispose();
  tf.dispose(of);
}

const native = kernelMode() !== 'composite';

await describeBackends(
  'the scan of one sequence',
  (backend) => {
    it.runIf(native && backend === 'wasm').each(directions)(
      'is done in part by another thread, by its columns: %s',
      (direction) => {
        const [wide, narrow] = [inputs(64, 4096), inputs(64 * 256, 16)];
        expect(unitsTaken(() => scans[direction](...narrow).dispose())).toBe(0);
        // A unit of work is 2048 columns, and backward has a forward pass before.
        const units = (direction.endsWith('forward') ? 1 : 2) * (4096 / 2048);
        expectThreadsShare(units, () => scans[direction](...wide).dispose());
        tf.dispose([wide, narrow]);
      },
    );

    it.runIf(native && backend === 'tensorflow' && process.platform === 'linux')(
      'starts threads for its columns, and they work in both directions',
      () => {
        // As many numbers, in no more columns than one thread is given at least.
        run(64 * 256, 16);
        const before = busyTimes();
        run(64, 4096);
        const started = [...busyTimes().keys()].filter((thread) => !before.has(thread));
        expect(started).not.toEqual([]);
        const of = inputs(64, 4096);
        for (const direction of directions) {
          const start = busyTimes();
          for (let times = 0; times < 100; times++) scans[direction](...of).dispose();
          const end = busyTimes();
          for (const thread of started) {
            expect(end.get(thread)).toBeGreaterThan(start.get(thread) ?? Number.NaN);
          }
        }
        tf.dispose(of);
      },
    );

    it.each(directions)(
      'has the bits that its columns have by themselves: %s',
      async (direction) => {
        const [a, x] = inputs(64, 16_400);
        const whole = scans[direction](a, x);
        // So narrow that one thread does them.
        const parts = tf.tidy(() =>
          tf.concat(
            Array.from({ length: 50 }, (_, part) => {
              const of = (t: tf.Tensor) => tf.slice(t, [0, 0, part * 328], [1, 64, 328]);
              return scans[direction](of(a), of(x));
            }),
            2,
          ),
        );
        // Faster than `toEqual` by seconds.
        const [some, all] = (await Promise.all([parts.data(), whole.data()])).map(
          ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength),
        ) as [Buffer, Buffer];
        expect(some.equals(all)).toBe(true);
        tf.dispose([a, x, whole, parts]);
      },
    );
  },
  ['wasm', 'tensorflow'],
);

/** Nanoseconds that each thread of this process has computed, by its number. */
function busyTimes(): Map<string, number> {
  const times = readdirSync('/proc/self/task').map((thread) => {
    const [busy = '0'] = readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ');
    return [thread, Number(busy)] as const;
  });
  return new Map(times);
}
