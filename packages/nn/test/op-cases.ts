import { randomInt, randomKey, randomPermutation } from '@neverend/backend';
import {
  currentTolerance,
  expectLikeReference,
  expectNoLeak,
  expectTensorClose,
  type NamedCase,
  normalInput,
  type OpCase,
  toTensor,
} from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { gatherRowsNaive } from '../src/gather-rows/naive.ts';
import {
  geluBackwardNaive,
  geluErfBackwardNaive,
  geluErfNaive,
  geluNaive,
} from '../src/gelu/naive.ts';
import {
  type GeluForm,
  gatherRows,
  gelu,
  layerNorm,
  linear,
  normLinear,
  rmsNorm,
  setRows,
  softmax,
} from '../src/index.ts';
import { layerNormBackwardNaive, layerNormNaive } from '../src/layer-norm/naive.ts';
import { linearBackwardNaive, linearNaive } from '../src/linear/naive.ts';
import { normLinearBackwardNaive, normLinearNaive } from '../src/norm-linear/naive.ts';
import { rmsNormBackwardNaive, rmsNormNaive } from '../src/rms-norm/naive.ts';
import { scatterAddRowsNaive } from '../src/scatter-add-rows/naive.ts';
import { setRowsNaive } from '../src/set-rows/naive.ts';
import { softmaxBackwardNaive, softmaxNaive } from '../src/softmax/naive.ts';

/** One number, odd lengths, widths that are no multiple of 4, rows of one number, and more rows than 65,536. */
const shapes = [[1], [7], [5, 1], [2, 3, 66], [129, 63], [3, 1537], [65_537, 2]];

const named = (name: string, makeCase: (shape: readonly number[]) => OpCase): NamedCase[] =>
  shapes.map((shape) => ({
    name: `${name} of [${shape}]`,
    check: () => expectLikeReference(makeCase(shape)),
    // Stock reductions take a workgroup for each row.
    slowOnWebgpu: (shape[0] ?? 1) > 65_536 && !name.startsWith('gelu'),
  }));

const geluReferences = {
  tanh: { forward: geluNaive, backward: geluBackwardNaive },
  erf: { forward: geluErfNaive, backward: geluErfBackwardNaive },
};

function geluCase(form: GeluForm, shape: readonly number[]): OpCase {
  const { forward, backward } = geluReferences[form];
  const [x, dy] = [normalInput(randomKey('x'), shape, 2), normalInput(randomKey('dy'), shape)];
  return {
    op: (inputs) => gelu(inputs['x'] as tf.Tensor, { form }),
    inputs: { x },
    dy,
    y: forward(x.data),
    gradients: { x: backward(x.data, dy.data) },
    tolerance: currentTolerance(),
  };
}

function biasGeluCase(form: GeluForm, shape: readonly number[]): OpCase {
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

/** Twice with the same weights, which stay packed for the second time. */
function linearCase(rows: number, width: number, units: number): OpCase {
  const inputs = {
    x: normalInput(randomKey('x'), [rows, width]),
    kernel: normalInput(randomKey('kernel'), [width, units], 1 / Math.sqrt(width)),
    bias: normalInput(randomKey('bias'), [units]),
    residual: normalInput(randomKey('residual'), [rows, units]),
  };
  const dy = normalInput(randomKey('dy'), [rows, units]);
  const arrays = { x: inputs.x.data, kernel: inputs.kernel.data, bias: inputs.bias.data };
  const product = linearNaive(arrays);
  return {
    op: ({ x, kernel, bias, residual }) =>
      tf.tidy(() => {
        const once = () =>
          linear(x as tf.Tensor, kernel as tf.Tensor, bias, { activation: 'gelu', residual });
        return tf.sub(tf.mul(once(), 2), once());
      }),
    inputs,
    dy,
    y: geluNaive(product).map((value, at) => value + (inputs.residual.data[at] ?? 0)),
    gradients: {
      ...linearBackwardNaive(arrays, geluBackwardNaive(product, dy.data)),
      residual: dy.data,
    },
    tolerance: currentTolerance(),
  };
}

/** As many layers as there are numbers of units, side by side; every other one has GELU. Twice, as `linearCase`. */
function normLinearCase(
  norm: 'layer' | 'rms',
  rows: number,
  width: number,
  units: readonly number[],
): OpCase {
  const all = units.reduce((sum, count) => sum + count, 0);
  const inputs: Record<string, ReturnType<typeof normalInput>> = {
    x: normalInput(randomKey('x'), [rows, width], 2, 1),
    scale: normalInput(randomKey('scale'), [width], 0.3),
    ...(norm === 'layer' ? { shift: normalInput(randomKey('shift'), [width]) } : {}),
  };
  for (const [at, count] of units.entries()) {
    inputs[`kernel${at}`] = normalInput(randomKey('w', at), [width, count], 1 / Math.sqrt(width));
    inputs[`bias${at}`] = normalInput(randomKey('b', at), [count]);
  }
  const dy = normalInput(randomKey('dy'), [rows, all]);
  const dataOf = (name: string) => inputs[name]?.data as Float64Array;
  const arrays = {
    ...{ x: dataOf('x'), scale: dataOf('scale') },
    ...(norm === 'layer' ? { shift: dataOf('shift') } : {}),
    layers: units.map((_, at) => ({
      ...{ kernel: dataOf(`kernel${at}`), bias: dataOf(`bias${at}`), gelu: at % 2 === 1 },
    })),
  };
  const firstOf = (at: number) => units.slice(0, at).reduce((sum, count) => sum + count, 0);
  /** The columns of a layer. */
  const columns = (of: Float64Array, at: number) =>
    of.filter((_, index) => {
      const column = (index % all) - firstOf(at);
      return column >= 0 && column < (units[at] ?? 0);
    });
  const options = { eps: 0.1, offset: 1 };
  const ys = normLinearNaive(arrays, options);
  const y = new Float64Array(rows * all);
  for (const [at, of] of ys.entries()) {
    const count = units[at] ?? 1;
    of.forEach((value, index) => {
      y[Math.floor(index / count) * all + firstOf(at) + (index % count)] = value;
    });
  }
  const dys = units.map((_, at) => columns(dy.data, at));
  const { layers, ...gradients } = normLinearBackwardNaive(arrays, options, dys);
  for (const [at, { kernel, bias }] of layers.entries()) {
    Object.assign(gradients, { [`kernel${at}`]: kernel, [`bias${at}`]: bias });
  }
  return {
    op: (tensors) =>
      tf.tidy(() => {
        const of = (name: string) => tensors[name] as tf.Tensor;
        const once = () => {
          const made = normLinear(
            of('x'),
            { scale: of('scale'), bias: tensors['shift'], eps: options.eps },
            units.map((_, at) => ({
              ...{ kernel: of(`kernel${at}`), bias: of(`bias${at}`) },
              activation: at % 2 === 1 ? 'gelu' : 'none',
            })),
          );
          return made.length === 1 ? (made[0] as tf.Tensor) : tf.concat(made, 1);
        };
        return tf.sub(tf.mul(once(), 2), once());
      }),
    inputs,
    dy,
    y,
    gradients: { ...gradients },
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

/** Twice: where a clone holds the table's data, and where nothing else does. It has no gradient. */
async function checkSetRows(shape: readonly number[], count: number): Promise<void> {
  const table = normalInput(randomKey('table'), shape);
  await expectNoLeak(async () => {
    const start = toTensor(table);
    let [current, expected] = [tf.clone(start), table.data];
    for (const turn of [1, 2]) {
      const numbers = randomPermutation(randomKey(turn), shape[0] ?? 1).slice(0, count);
      const replaced = normalInput(randomKey('rows', turn), [count, ...shape.slice(1)]);
      const [indices, rows] = [tf.tensor1d(Int32Array.from(numbers), 'int32'), toTensor(replaced)];
      const next = setRows(current, indices, rows);
      expected = setRowsNaive(expected, numbers, replaced.data);
      await expectTensorClose(next, { shape, data: expected });
      tf.dispose([indices, rows, current]);
      current = next;
    }
    await expectTensorClose(start, { shape, data: table.data });
    tf.dispose([start, current]);
  });
}

export const opCases: readonly NamedCase[] = [
  ...(['tanh', 'erf'] as const).flatMap((form) => [
    ...named(`gelu by ${form}`, (shape) => geluCase(form, shape)),
    ...named(`gelu by ${form} with a bias`, (shape) => biasGeluCase(form, shape)),
  ]),
  ...(
    [
      [1, 1, 1],
      [7, 5, 3],
      [13, 35, 37],
      [3, 1024, 70],
      [199, 400, 66],
    ] as const
  ).map(([rows, width, units]) => ({
    name: `linear of [${rows}, ${width}] to ${units} units`,
    check: () => expectLikeReference(linearCase(rows, width, units)),
  })),
  ...(['layer', 'rms'] as const).flatMap((norm) =>
    (
      [
        [1, 1, [1]],
        [7, 5, [3, 2]],
        [13, 35, [37, 8, 1]],
        [199, 400, [66, 34]],
        [530, 21, [9, 33, 31, 2]],
      ] as const
    ).map(([rows, width, units]) => ({
      name: `normLinear by a ${norm} norm of [${rows}, ${width}] to ${units} units`,
      check: () => expectLikeReference(normLinearCase(norm, rows, width, units)),
    })),
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
    check: () => expectLikeReference(gatherRowsCase(rows, width, count)),
  })),
  ...(
    [
      [[1], 1],
      [[9], 4],
      [[150, 66], 40],
      [[11, 2, 5], 3],
      [[70_000, 3], 40],
    ] as const
  ).map(([shape, count]) => ({
    name: `setRows of ${count} rows of [${shape}]`,
    check: () => checkSetRows(shape, count),
  })),
];
