// npx tsx --conditions=@neverend/source bench/linear.ts [backend]
import { randomKey } from '@neverend/backend';
import { randomTensor } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { linear } from '../src/index.ts';
import { compare, start } from './compare.ts';

await start();
for (const [rows, width, units] of [
  [1024, 64, 64],
  [1024, 64, 192],
  [1024, 64, 256],
  [1024, 256, 64],
  [1000, 64, 256],
  [64, 768, 10],
] as const) {
  await compare({
    name: `linear [${rows}, ${width}] to ${units}`,
    inputs: [
      randomTensor(randomKey('x'), [rows, width]),
      randomTensor(randomKey('kernel'), [width, units], 1 / Math.sqrt(width)),
      randomTensor(randomKey('bias'), [units]),
    ],
    ours: (x, kernel, bias) => linear(x as tf.Tensor, kernel as tf.Tensor, bias),
    stock: (x, kernel, bias) =>
      tf.add(tf.matMul(x as tf.Tensor2D, kernel as tf.Tensor2D), bias as tf.Tensor),
  });
}
