import * as tf from '@tensorflow/tfjs-core';
import type { adamWSettings } from '../cases/adamw.ts';
import { input, type Operations, parameterNames, type Tensors } from './tfjs-operations.ts';

/** Every operation as one writes it with TensorFlow.js alone. */
export const stockOperations: Operations = {
  pure: {
    matMul: (inputs, { transposeA, transposeB }) =>
      tf.matMul(input(inputs, 'a'), input(inputs, 'b'), transposeA === true, transposeB === true),
    softmax: (inputs) => tf.softmax(input(inputs, 'x')),
    layerNorm: (inputs, { eps }) =>
      layerNorm(input(inputs, 'x'), input(inputs, 'scale'), input(inputs, 'bias'), eps as number),
    rmsNorm: (inputs, { eps }) => {
      const x = input(inputs, 'x');
      const square = tf.mean(tf.square(x), -1, true);
      return tf.mul(tf.mul(x, tf.rsqrt(tf.add(square, eps as number))), input(inputs, 'scale'));
    },
    gelu: (inputs) => gelu(tf.add(input(inputs, 'x'), input(inputs, 'bias'))),
    linearScan: (inputs) => linearScan(input(inputs, 'a'), input(inputs, 'x')),
    recurrentBlock: (inputs) => recurrentBlock(inputs),
    gatherRows: (inputs) => tf.gather(input(inputs, 'table'), input(inputs, 'indices')),
    spaceAttention: (inputs, { heads }) => spaceAttention(inputs, heads as number),
    encoderBlock: (inputs, { heads, eps }) => encoderBlock(inputs, heads as number, eps as number),
  },
  stateful: {
    scatterAddRows: (inputs) => {
      const table = tf.variable(input(inputs, 'table'));
      input(inputs, 'table').dispose();
      const indices = input(inputs, 'indices');
      const at = tf.reshape(indices, [-1, 1]);
      return {
        run: () =>
          tf.tidy(() => {
            const shape = table.shape as [number, number];
            table.assign(tf.add(table, tf.scatterND(at, input(inputs, 'rows'), shape)));
          }),
        read: () => [tf.gather(table, indices)],
        dispose: () => tf.dispose([table, at, indices, input(inputs, 'rows')]),
      };
    },
    adamW: (inputs, attrs) => {
      const { learningRate, beta1, beta2, epsilon, weightDecay } = attrs as typeof adamWSettings;
      const variables = parameterVariables(inputs);
      const adam = tf.train.adam(learningRate, beta1, beta2, epsilon);
      let turn = 0;
      return {
        run: () =>
          tf.tidy(() => {
            for (const variable of Object.values(variables)) {
              variable.assign(tf.mul(variable, 1 - learningRate * weightDecay));
            }
            adam.applyGradients(gradientsOf(inputs, variables, turn++));
          }),
        read: () => Object.values(variables).map((variable) => tf.clone(variable)),
        runsToRead: 3,
        dispose: () => {
          adam.dispose();
          tf.disposeVariables();
          tf.dispose(Object.values(inputs));
        },
      };
    },
  },
};

/** A variable with the values of each parameter of an AdamW case, by the names that the optimiser sees. */
export function parameterVariables(inputs: Tensors): Record<string, tf.Variable> {
  return Object.fromEntries(
    parameterNames(inputs).map((name) => [name, tf.variable(input(inputs, name), true, name)]),
  );
}

/** The gradients of a turn, by the names of the variables. */
export function gradientsOf(
  inputs: Tensors,
  variables: Readonly<Record<string, tf.Variable>>,
  turn: number,
): { name: string; tensor: tf.Tensor }[] {
  return Object.keys(variables).map((name) => ({
    name,
    tensor: input(inputs, `d${1 + (turn % 2)}/${name}`),
  }));
}

function layerNorm(x: tf.Tensor, scale: tf.Tensor, bias: tf.Tensor, eps: number): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const normed = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, eps)));
  return tf.add(tf.mul(normed, scale), bias);
}

function linearScan(a: tf.Tensor, x: tf.Tensor): tf.Tensor {
  const [gates, added] = [tf.unstack(a, 1), tf.unstack(x, 1)];
  let h: tf.Tensor | undefined;
  const states = added.map((step, t) => {
    h = h === undefined ? step : tf.add(tf.mul(gates[t] as tf.Tensor, h), step);
    return h;
  });
  return tf.stack(states, 1);
}

function gelu(x: tf.Tensor): tf.Tensor {
  const inner = tf.add(x, tf.mul(tf.pow(x, 3), 0.044715));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(tf.mul(inner, Math.sqrt(2 / Math.PI))), 1));
}

function linear(inputs: Tensors, y: tf.Tensor, name: string): tf.Tensor {
  const bias = tf.reshape(input(inputs, `${name}/bias`), [-1]);
  const kernel = tf.reshape(input(inputs, `${name}/kernel`), [y.shape[1] ?? 1, -1]);
  return tf.add(tf.matMul(y as tf.Tensor2D, kernel as tf.Tensor2D), bias);
}

/** Griffin's, whose RG-LRU takes the first step as it is. */
function recurrentBlock(inputs: Tensors): tf.Tensor {
  const x = input(inputs, 'x');
  const [rows, steps, width] = x.shape as [number, number, number];
  const flat = tf.reshape(x, [-1, width]);
  const gate = gelu(linear(inputs, flat, 'linear_y'));
  const unit = temporalConv(
    inputs,
    tf.reshape(linear(inputs, flat, 'linear_x'), [rows, steps, -1]),
  );
  const rate = tf.mul(tf.softplus(input(inputs, 'rg_lru/a_param')), -8);
  const a = tf.exp(tf.mul(blockGate(inputs, unit, 'a_gate'), rate));
  // 0 at the first step and 1 at all others.
  const later = tf.reshape(tf.cast(tf.greater(tf.range(0, steps), 0), 'float32'), [1, steps, 1]);
  const root = tf.sqrt(tf.sub(1, tf.square(a)));
  const gamma = tf.add(tf.mul(root, later), tf.sub(1, later));
  const h = linearScan(a, tf.mul(tf.mul(gamma, blockGate(inputs, unit, 'input_gate')), unit));
  const out = linear(inputs, tf.mul(tf.reshape(h, gate.shape), gate), 'linear_out');
  return tf.reshape(out, x.shape);
}

function temporalConv(inputs: Tensors, x: tf.Tensor): tf.Tensor {
  const steps = x.shape[1] ?? 1;
  // A copy is reversed: the tape holds the array itself.
  const taps = [...tf.unstack(input(inputs, 'conv_1d/w'))].reverse();
  return taps.reduce<tf.Tensor>(
    (sum, w, back) => {
      const kept = Math.max(0, steps - back);
      const earlier = tf.pad(tf.slice(x, [0, 0, 0], [-1, kept, -1]), [
        [0, 0],
        [steps - kept, 0],
        [0, 0],
      ]);
      return tf.add(sum, tf.mul(earlier, w));
    },
    input(inputs, 'conv_1d/b'),
  );
}

/** The sigmoid of a linear layer out of blocks. */
function blockGate(inputs: Tensors, x: tf.Tensor, name: string): tf.Tensor {
  const w = input(inputs, `rg_lru/${name}/w`);
  const [heads, size] = w.shape as [number, number];
  const blocks = tf.transpose(tf.reshape(x, [-1, heads, size]), [1, 0, 2]);
  const bias = tf.expandDims(input(inputs, `rg_lru/${name}/b`), 1);
  const y = tf.add(tf.matMul(blocks, w), bias);
  return tf.sigmoid(tf.reshape(tf.transpose(y, [1, 0, 2]), x.shape));
}

/** Attends among the tokens of each row; all tokens lie beneath each other, `[rows * tokens, width]`. */
function attend(inputs: Tensors, y: tf.Tensor, heads: number): tf.Tensor {
  const [rows, tokens, width] = input(inputs, 'x').shape as [number, number, number];
  const attention = 'MultiHeadDotProductAttention_0';
  const [q, k, v] = ['query', 'key', 'value'].map((name) =>
    tf.transpose(
      tf.reshape(linear(inputs, y, `${attention}/${name}`), [rows, tokens, heads, width / heads]),
      [0, 2, 1, 3],
    ),
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const scores = tf.mul(tf.matMul(q, k, false, true), Math.sqrt(heads / width));
  const context = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
  return linear(inputs, tf.reshape(context, [-1, width]), `${attention}/out`);
}

function spaceAttention(inputs: Tensors, heads: number): tf.Tensor {
  const x = input(inputs, 'x');
  return tf.reshape(attend(inputs, tf.reshape(x, [-1, x.shape[2] ?? 1]), heads), x.shape);
}

function encoderBlock(inputs: Tensors, heads: number, eps: number): tf.Tensor {
  const x = input(inputs, 'x');
  const norm = (y: tf.Tensor, name: string) =>
    layerNorm(y, input(inputs, `${name}/scale`), input(inputs, `${name}/bias`), eps);
  const flat = tf.reshape(x, [-1, x.shape[2] ?? 1]);
  const attended = tf.add(flat, attend(inputs, norm(flat, 'LayerNorm_0'), heads));
  const hidden = gelu(linear(inputs, norm(attended, 'LayerNorm_1'), 'MlpBlock_0/Dense_0'));
  return tf.reshape(tf.add(attended, linear(inputs, hidden, 'MlpBlock_0/Dense_1')), x.shape);
}
