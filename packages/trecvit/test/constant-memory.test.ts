import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { randomKey, randomUniform } from '@neverend/backend';
import { describeBackends, expectNoLeak, webgpuIfLong } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { TRecViT } from '../src/index.ts';
import { tiny } from './tiny.ts';

const isLong = process.env['NEVEREND_LONG'] === '1';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of JavaScript's heap that are in use. */
function heapBytes(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

await describeBackends(
  'the memory of a stream',
  (backend) => {
    const slow = backend === 'cpu' || backend === 'webgpu';
    const frames = isLong && !slow ? 10_000 : slow ? 12 : 120;

    it.each([
      ['a half-life', {}],
      ['a window', { window: 4 }],
    ])(
      'with %s is as after a few frames after many, and all of it is given back',
      async (_, options) => {
        const model = TRecViT.init(tiny, randomKey(3));
        await expectNoLeak(async () => {
          const stream = model.stream(options);
          const frame = tf.tensor(randomUniform(randomKey('frame'), 8 * 12 * 3), [1, 1, 8, 12, 3]);
          const push = async (until: number) => {
            while ((stream.seen[0] ?? 0) < until) {
              const step = stream.push(frame);
              // As who looks at each frame does; webgpu would put off all work otherwise.
              await step.top(1);
              step.dispose();
            }
            const { numTensors, numBytes, numDataBuffers } = tf.memory();
            return [numTensors, numBytes, numDataBuffers];
          };
          const early = await push(10);
          await push(frames / 10);
          const heap = heapBytes();
          expect(await push(frames)).toEqual(early);
          // 100 bytes a frame would be 0.9 MB; what is compiled meanwhile is less than this.
          if (frames === 10_000) expect(heapBytes() - heap).toBeLessThan(500_000);
          expect(stream.seen).toEqual([frames]);
          frame.dispose();
          stream.dispose();
        });
        model.dispose();
      },
      1_800_000,
    );
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);
