import { fileURLToPath } from 'node:url';
import { type BackendName, gelu } from '@neverend/backend';
import {
  describeBackends,
  expectNoLeak,
  expectTensorClose,
  poisonMemory,
} from '@neverend/backend/testing';
import { readNpz } from '@neverend/checkpoint/node';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import {
  encoderBlock,
  layerNorm,
  learnedPositions,
  linear,
  type Params,
  prependToken,
} from '../src/index.ts';

// Numbers of the official TRecViT (google-deepmind/trecvit@81bcb0a on recurrentgemma@2efa84d, JAX, float32): its parameters,
// outputs, what lies between its layers, and the gradients of sum(cotangent · logits). Their `notes.json` says how they were made.

interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Arrays = ReadonlyMap<string, GoldenArray>;

async function readGolden(name: string): Promise<Arrays> {
  const arrays = new Map<string, GoldenArray>();
  const path = fileURLToPath(new URL(`golden/${name}.npz`, import.meta.url));
  for await (const [of, { shape, data }] of readNpz(path)) {
    if (data instanceof Float32Array) arrays.set(of, { shape, data });
  }
  return arrays;
}

const [small, withGradients] = [await readGolden('trecvit'), await readGolden('trecvit-gradients')];

function array(arrays: Arrays, name: string): GoldenArray {
  const found = arrays.get(name);
  if (found === undefined) throw new Error(`the golden file has no ${name}`);
  return found;
}

function tensor(arrays: Arrays, name: string): tf.Tensor {
  const { shape, data } = array(arrays, name);
  return tf.tensor(data, [...shape]);
}

const paramNames = (arrays: Arrays): string[] =>
  [...arrays.keys()].filter((name) => !name.startsWith('__'));

/** The tensors below a prefix, without it. */
const below = (params: Params, prefix: string): Params =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, param]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), param]] : [],
    ),
  );

/** `linear` with the parameters of a name. */
const dense = (x: tf.Tensor, params: Params, name: string): tf.Tensor =>
  linear(x, params[`${name}/kernel`] as tf.Tensor, params[`${name}/bias`] as tf.Tensor);

/** Frames `[B, T, 32, 32, 3]` to tokens `[B, T, N, D]`: patches of 16 x 16, positions, and a class token without one. */
function tokensOf(video: tf.Tensor, params: Params): tf.Tensor {
  const [batch = 1, frames = 1, height = 1, width = 1, channels = 1] = video.shape;
  const [rows, columns] = [height / 16, width / 16];
  const cut = tf.reshape(video, [batch * frames * rows, 16, columns, 16 * channels]);
  const patches = tf.reshape(tf.transpose(cut, [0, 2, 1, 3]), [
    batch * frames,
    rows * columns,
    256 * channels,
  ]);
  const kernel = params['embedding/kernel'] as tf.Tensor;
  const flat = tf.reshape(kernel, [256 * channels, kernel.shape.at(-1) ?? 1]);
  const embedded = linear(patches, flat, params['embedding/bias'] as tf.Tensor);
  const placed = learnedPositions(embedded, params['pos_embedding'] as tf.Tensor);
  const tokens = prependToken(placed, params['cls'] as tf.Tensor);
  return tf.reshape(tokens, [batch, frames, ...tokens.shape.slice(1)]);
}

/** An encoder block on every frame of `[B, T, N, D]`. */
function overSpace(x: tf.Tensor, params: Params, heads: number): tf.Tensor {
  const [batch = 1, frames = 1, tokens = 1, width = 1] = x.shape;
  const rows = tf.reshape(x, [batch * frames, tokens, width]);
  return tf.reshape(encoderBlock(rows, params, { heads }), x.shape);
}

/** TRecViT's block over time, in plain ops step by step: what stands between the encoder blocks. */
function overTime(x: tf.Tensor, params: Params, heads: number): tf.Tensor {
  const at = (name: string) => params[name] as tf.Tensor;
  const [batch = 1, , tokens = 1] = x.shape;
  const rsqrt = tf.rsqrt(tf.add(tf.mean(tf.square(x), -1, true), 1e-6));
  const normal = tf.mul(tf.mul(x, rsqrt), tf.add(1, at('temporal_pre_norm/scale')));
  const block = below(params, 'recurrent_block/');
  const gate = gelu(dense(normal, block, 'linear_y'));
  const wide = dense(normal, block, 'linear_x');
  const width = wide.shape.at(-1) ?? 1;
  const inTime = tf
    .unstack(tf.transpose(wide, [1, 0, 2, 3]))
    .map((frame) => tf.reshape(frame, [-1, width]));
  const taps = tf.unstack(block['conv_1d/w'] as tf.Tensor);
  const gateOf = (value: tf.Tensor, name: string) => {
    const kernels = tf.unstack(block[`rg_lru/${name}/w`] as tf.Tensor);
    const parts = tf
      .split(value, heads, 1)
      .map((part, head) => tf.matMul(part as tf.Tensor2D, kernels[head] as tf.Tensor2D));
    return tf.sigmoid(
      tf.add(tf.concat(parts, 1), tf.reshape(block[`rg_lru/${name}/b`] as tf.Tensor, [width])),
    );
  };
  let state: tf.Tensor | undefined;
  const states = inTime.map((_, t) => {
    const seen = inTime.slice(Math.max(0, t - 3), t + 1).reverse();
    const terms = seen.map((frame, back) => tf.mul(frame, taps[3 - back] as tf.Tensor));
    const mixed = tf.add(tf.addN(terms), block['conv_1d/b'] as tf.Tensor);
    const input = tf.mul(gateOf(mixed, 'input_gate'), mixed);
    const rate = tf.mul(-8, tf.softplus(block['rg_lru/a_param'] as tf.Tensor));
    const a = tf.exp(tf.mul(gateOf(mixed, 'a_gate'), rate));
    const gamma = tf.sqrt(tf.sub(1, tf.square(a)));
    state = state === undefined ? input : tf.add(tf.mul(a, state), tf.mul(gamma, input));
    return tf.reshape(state, [batch, tokens, width]);
  });
  const unit = tf.stack(states, 1);
  return tf.add(x, dense(tf.mul(unit, gate), block, 'linear_out'));
}

/** `encoder_norm` over `[B, T, N, D]`. */
const normed = (x: tf.Tensor, params: Params): tf.Tensor =>
  layerNorm(x, params['encoder_norm/scale'] as tf.Tensor, params['encoder_norm/bias'] as tf.Tensor);

/** From the class tokens to logits: the mean over time of tanh, and a linear layer. */
function headOf(encoded: tf.Tensor, params: Params): { preLogits: tf.Tensor; logits: tf.Tensor } {
  const [batch = 1, frames = 1, , width = 1] = encoded.shape;
  const cls = tf.reshape(tf.slice(encoded, 0, [batch, frames, 1, width]), [batch, frames, width]);
  const preLogits = tf.mean(tf.tanh(dense(cls, params, 'pre_logits')), 1);
  return { preLogits, logits: dense(preLogits, params, 'cls_head') };
}

/** All of it; the results by the golden files' names. */
function model(video: tf.Tensor, params: Params, heads: number): Record<string, tf.Tensor> {
  const tokens = tokensOf(video, below(params, 'tokenizer/'));
  const encoder = below(params, 'encoder/');
  let x = tokens;
  const layers: Record<string, tf.Tensor> = {};
  for (const layer of [0, 1]) {
    x = overTime(x, below(encoder, `residualblock_0${layer}/`), heads);
    layers[`__layer/${layer}/after_residual`] = x;
    x = overSpace(x, below(encoder, `encoderblock_${layer}/`), heads);
    layers[`__layer/${layer}/after_encoder`] = x;
  }
  const encoded = normed(x, encoder);
  const { preLogits, logits } = headOf(encoded, below(params, 'decoder/'));
  return {
    ...layers,
    '__out/tokens': tokens,
    '__out/encoded': encoded,
    '__out/pre_logits': tf.expandDims(preLogits, 1),
    '__out/logits': logits,
    '__out/probs': tf.softmax(logits),
  };
}

/** Part of a tensor's largest number. */
const toleranceOf = (backend: BackendName): number =>
  backend === 'cpu' || backend === 'tensorflow' ? 1e-5 : 1e-4;

async function expectLike(
  actual: tf.Tensor,
  expected: GoldenArray,
  tolerance: number,
  name: string,
): Promise<void> {
  const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Softmax does not see the bias of the keys: its gradient is rounding, of numbers of order 0.01.
  const atol = name.endsWith('key/bias') ? 0.01 * tolerance : scale * tolerance;
  await expectTensorClose(actual, expected, { rtol: 0, atol }).catch((error: Error) => {
    throw new Error(`${name}: ${error.message}`);
  });
}

await describeBackends('the official TRecViT', (backend) => {
  const tolerance = toleranceOf(backend);

  for (const layer of [0, 1]) {
    it(`has the encoder block's output: layer ${layer}`, async () => {
      poisonMemory();
      const name = `encoder/encoderblock_${layer}/`;
      const params = Object.fromEntries(
        paramNames(withGradients)
          .filter((param) => param.startsWith(name))
          .map((param) => [param.slice(name.length), tensor(withGradients, param)]),
      );
      const x = tensor(withGradients, `__layer/${layer}/after_residual`);
      const y = tf.tidy(() => overSpace(x, params, 3));
      const after = `__layer/${layer}/after_encoder`;
      await expectLike(y, array(withGradients, after), tolerance, after);
      tf.dispose([params, x, y]);
    });
  }

  it.each([
    ['of 2 heads and 6 frames', small, 2],
    ['of 3 heads and 4 frames', withGradients, 3],
  ] as const)('has the outputs of the whole: %s', async (_, arrays, heads) => {
    await expectNoLeak(async () => {
      const names = paramNames(arrays);
      const params = Object.fromEntries(names.map((name) => [name, tensor(arrays, name)]));
      const video = tensor(arrays, '__in/video');
      const results = tf.tidy(() => model(video, params, heads));
      const known = Object.entries(results).filter(([name]) => arrays.has(name));
      expect(known.length).toBeGreaterThanOrEqual(5);
      for (const [name, result] of known) {
        await expectLike(result, array(arrays, name), tolerance, name);
      }
      tf.dispose([params, video, results]);
    });
  });

  it('has the gradients of the whole, by every parameter and by the video', async () => {
    await expectNoLeak(async () => {
      const names = paramNames(withGradients);
      const inputs = [...names, '__in/video'].map((name) => tensor(withGradients, name));
      const gradients = tf.tidy(() => {
        const cotangent = tensor(withGradients, '__in/cotangent');
        return tf.grads((...at: tf.Tensor[]) => {
          const params = Object.fromEntries(
            names.map((name, index) => [name, at[index] as tf.Tensor]),
          );
          const { '__out/logits': logits } = model(at.at(-1) as tf.Tensor, params, 3);
          return tf.sum(tf.mul(logits as tf.Tensor, cotangent));
        })(inputs);
      });
      for (const [index, name] of [...names, '__in/video'].entries()) {
        const expected = array(withGradients, `__grad/${name}`);
        await expectLike(gradients[index] as tf.Tensor, expected, tolerance, name);
      }
      tf.dispose([inputs, gradients]);
    });
  });
});
