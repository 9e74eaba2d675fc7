import type * as tf from '@tensorflow/tfjs-core';
import type { FirstCall, Times } from './types.ts';

/** Times a start, two results and two gradients. */
export async function timesOf(
  start: () => Promise<unknown>,
  make: () => {
    readonly result: () => tf.Tensor;
    readonly gradient: () => tf.Tensor;
  },
): Promise<Times> {
  const milliseconds = async (work: () => Promise<unknown>): Promise<number> => {
    const begin = performance.now();
    await work();
    return performance.now() - begin;
  };
  const read = (compute: () => tf.Tensor) => async (): Promise<void> => {
    const tensor = compute();
    await tensor.data();
    tensor.dispose();
  };
  const started = await milliseconds(start);
  const { result, gradient } = make();
  return {
    start: started,
    first: await milliseconds(read(result)),
    second: await milliseconds(read(result)),
    gradient: await milliseconds(read(gradient)),
    secondGradient: await milliseconds(read(gradient)),
  };
}

/** Offers a program: to a page as a global, in a worker by messages, in Node by its argument. */
export function offer(firstCall: FirstCall): void {
  Object.assign(globalThis, { firstCall });
  if (typeof process !== 'undefined') {
    void firstCall(JSON.parse(process.argv[2] ?? '')).then((times) => {
      process.stdout.write(`${JSON.stringify(times)}\n`, () => process.exit(0));
    });
  } else if (typeof document === 'undefined') {
    globalThis.onmessage = async ({ data }) => postMessage(await firstCall(data));
    postMessage('ready');
  }
}
