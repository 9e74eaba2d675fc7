import * as tf from '@tensorflow/tfjs-core';
import {
  type GeluForm,
  gatherRows,
  gelu,
  layerNorm,
  randomInt,
  randomKey,
  rmsNorm,
  softmax,
} from '../src/index.ts';
import { gatherRowsNaive } from '../src/ops/gather-rows/naive.ts';
import {
  geluBackwardNaive,
  geluErfBackwardNaive,
  geluErfNaive,
  geluNaive,
} from '../src/ops/gelu/naive.ts';
import { layerNormBackwardNaive, layerNormNaive } from '../src/ops/layer-norm/naive.ts';
import { rmsNormBackwardNaive, rmsNormNaive } from '../src/ops/rms-norm/naive.ts';
import { scatterAddRowsNaive } from '../src/ops/scatter-add-rows/naive.ts';
import { softmaxBackwardNaive, softmaxNaive } from '../src/ops/softmax/naive.ts';
import { normalInput, type OpCase } from '../src/testing/op-case.ts';
import { currentTolerance } from '../src/testing/tolerance.ts';

/** An operation at one shape with its reference, for any backend; runs in browsers too. */
export interface NamedCase {
  readonly name: string;
  readonly makeCase: () => OpCase;
}

/** One number, odd lengths, widths that are no multiple of 4, rows of one number, and more rows than 65,536. */
const shapes = [[1], [7], [5, 1], [2, 3, 66], [129, 63], [3, 1537], [65_537, 2]];

const named = (name: string, makeCase: (shape: readonly number[]) => OpCase): NamedCase[] =>
  shapes.map((shape) => ({ name: `${name} of [${shape}]`, makeCase: () => makeCase(shape) }));

const geluReferences = {
  tanh: { forward: geluNaive, backward: geluBackwardNaive },
  erf: { forward: geluErfNaive, backward: geluErfBackwardNaive },
};

function geluCase(form: GeluForm, shape: readonly number[]): OpCase {
  const { forward, backward } = geluReferences[form];
  const width = shape.at(-1) ?? 1;
  const [x, bias] = [normalInput(randomKey('x'), shape, 2), normalInput(randomKey('b'), [width])];
  const dy = normalInput(randomKey('dy'), shape);
  const sum = x.data.map((value, at) => value + (bias.data[at % width] ?? 0));
  const dx = backward(sum, dy.data);
  const dBias = new Float64Array(width);
  dx.forEach((value, at) => {
    dBias[at % width] = (dBias[at % width] ?? 0) + value;
  });
  return {
    op: (inputs) => gelu(inputs['x'] as tf.Tensor, { form, bias: inputs['bias'] as tf.Tensor }),
    inputs: { x, bias },
    dy,
    y: forward(sum),
    gradients: { x: dx, bias: dBias },
    tolerance: currentTolerance(),
  };
}

function softmaxCase(shape: readonly number[]): OpCase {
  const width = shape.at(-1) ?? 1;
  const [x, dy] = [normalInput(randomKey('x'), shape, 3), normalInput(randomKey('dy'), shape)];
  return {
    op: (inputs) => softmax(inputs['x'] as tf.Tensor),
    inputs: { x },
    dy,
    y: softmaxNaive(x.data, width),
    gradients: { x: softmaxBackwardNaive(x.data, dy.data, width) },
    tolerance: currentTolerance(),
  };
}

function layerNormCase(shape: readonly number[]): OpCase {
  const width = shape.at(-1) ?? 1;
  const inputs = {
    x: normalInput(randomKey('x'), shape, 2, 1),
    scale: normalInput(randomKey('scale'), [width], 0.3, 1),
    bias: normalInput(randomKey('bias'), [width]),
  };
  const dy = normalInput(randomKey('dy'), shape);
  const arrays = { x: inputs.x.data, scale: inputs.scale.data, bias: inputs.bias.data };
  return {
    op: ({ x, scale, bias }) =>
      layerNorm(x as tf.Tensor, scale as tf.Tensor, bias as tf.Tensor, 0.1),
    inputs,
    dy,
    y: layerNormNaive(arrays, 0.1),
    gradients: { ...layerNormBackwardNaive(arrays, dy.data, 0.1) },
    tolerance: currentTolerance(),
  };
}

function rmsNormCase(shape: readonly number[]): OpCase {
  const width = shape.at(-1) ?? 1;
  const inputs = {
    x: normalInput(randomKey('x'), shape, 2, 1),
    scale: normalInput(randomKey('scale'), [width], 0.3),
  };
  const dy = normalInput(randomKey('dy'), shape);
  const options = { eps: 0.1, offset: 1 };
  const arrays = { x: inputs.x.data, scale: inputs.scale.data };
  return {
    op: ({ x, scale }) => rmsNorm(x as tf.Tensor, scale as tf.Tensor, options),
    inputs,
    dy,
    y: rmsNormNaive(arrays, options),
    gradients: { ...rmsNormBackwardNaive(arrays, options, dy.data) },
    tolerance: currentTolerance(),
  };
}

/** Its gradient is `scatterAddRows`, with rows that come more than once. */
function gatherRowsCase(rows: number, width: number, count: number): OpCase {
  const numbers = Int32Array.from(randomInt(randomKey('rows', rows), count, rows));
  const table = normalInput(randomKey('table'), [rows, width]);
  const dy = normalInput(randomKey('dy'), [count, width]);
  return {
    op: ({ table }) => tf.tidy(() => gatherRows(table as tf.Tensor, tf.tensor1d(numbers, 'int32'))),
    inputs: { table },
    dy,
    y: gatherRowsNaive(table.data, numbers, width),
    gradients: { table: scatterAddRowsNaive(new Float64Array(rows * width), numbers, dy.data) },
    tolerance: currentTolerance(),
  };
}

export const opCases: readonly NamedCase[] = [
  ...(['tanh', 'erf'] as const).flatMap((form) =>
    named(`gelu by ${form} with a bias`, (shape) => geluCase(form, shape)),
  ),
  ...named('softmax', softmaxCase),
  ...named('layerNorm', layerNormCase),
  ...named('rmsNorm', rmsNormCase),
  ...(
    [
      [1, 1, 1],
      [3, 5, 7],
      [129, 66, 40],
      [2, 4, 1300],
      [70_000, 1, 513],
    ] as const
  ).map(([rows, width, count]) => ({
    name: `gatherRows of ${count} of ${rows} rows of ${width}`,
    makeCase: () => gatherRowsCase(rows, width, count),
  })),
];
