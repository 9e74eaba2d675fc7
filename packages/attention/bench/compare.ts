import { useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';

/** A gradient computed by this package and by stock TensorFlow.js ops. */
export interface Comparison {
  readonly name: string;
  readonly inputs: tf.Tensor[];
  readonly ours: (...inputs: tf.Tensor[]) => tf.Tensor;
  readonly stock: (...inputs: tf.Tensor[]) => tf.Tensor;
}

/** Makes the backend of the command line current (wasm where none is named) and prints the table's head. */
export async function start(): Promise<void> {
  const { name } = await useBackend((process.argv[2] ?? 'wasm') as 'wasm');
  process.stdout.write(
    `Forward and backward on ${name}, ms: the least and the median of 30, in turns.\n` +
      `${'case'.padEnd(44)}  ${'stock'.padStart(15)}  ${'ours'.padStart(15)}  ratio\n`,
  );
}

/** Times both, after holding their gradients against each other. Disposes the inputs. */
export async function compare({ name, inputs, ours, stock }: Comparison): Promise<void> {
  const gradients = (op: Comparison['ours']) => () =>
    tf.tidy(() => tf.grads((...args) => tf.sum(tf.square(op(...args))))(inputs));
  const sides = [gradients(stock), gradients(ours)] as const;
  await expectEqual(sides[0](), sides[1]());
  const times: [number[], number[]] = [[], []];
  for (let round = -5; round < 30; round++) {
    for (const [side, run] of sides.entries()) {
      const begin = performance.now();
      const results = run();
      await results.at(-1)?.data();
      if (round >= 0) times[side]?.push(performance.now() - begin);
      tf.dispose(results);
    }
  }
  const [before, after] = times.map((list) => {
    list.sort((a, b) => a - b);
    return { least: list[0] ?? 0, median: list[list.length >> 1] ?? 0 };
  }) as [{ least: number; median: number }, { least: number; median: number }];
  const cell = ({ least, median }: typeof before) =>
    `${least.toFixed(2)} / ${median.toFixed(2)}`.padStart(15);
  const ratio = (before.median / after.median).toFixed(1).padStart(5);
  process.stdout.write(`${name.padEnd(44)}  ${cell(before)}  ${cell(after)}  ${ratio}\n`);
  tf.dispose(inputs);
}

async function expectEqual(stock: tf.Tensor[], ours: tf.Tensor[]): Promise<void> {
  for (const [index, tensor] of stock.entries()) {
    const [expected, actual] = [
      await tensor.data<'float32'>(),
      (await ours[index]?.data<'float32'>()) ?? [],
    ];
    const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const off = expected.findIndex(
      (value, at) => !(Math.abs(value - (actual[at] ?? Number.NaN)) <= 1e-4 * largest + 1e-4),
    );
    if (off >= 0) throw new Error(`gradient ${index} differs at ${off}: nothing to compare`);
  }
  tf.dispose([stock, ours]);
}
