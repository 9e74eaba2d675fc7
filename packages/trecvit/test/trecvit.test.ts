import { fileURLToPath } from 'node:url';
import { encoderBlock, learnedPositions, prependToken } from '@neverend/attention';
import {
  describeBackends,
  expectCloseToScale,
  expectNoLeak,
  expectTensorClose,
  officialTolerances,
  poisonMemory,
} from '@neverend/backend/testing';
import { readNpz } from '@neverend/checkpoint/node';
import { type RecurrentState, residualBlock } from '@neverend/lru';
import { layerNorm, linear, type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

// Numbers of the official TRecViT (JAX, float32): its parameters, outputs, what lies between its layers, its states, and the
// gradients of sum(cotangent · logits).

interface GoldenArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type Arrays = ReadonlyMap<string, GoldenArray>;

const golden = (file: string) => fileURLToPath(new URL(`golden/${file}`, import.meta.url));

/** The arrays of a file, and what it says of itself. */
async function readGolden(name: string): Promise<{ arrays: Arrays; notes: string }> {
  const arrays = new Map<string, GoldenArray>();
  let notes = '';
  for await (const [of, { shape, data }] of readNpz(golden(`${name}.npz`))) {
    if (data instanceof Float32Array) arrays.set(of, { shape, data });
    else if (of === 'notes.json') notes = new TextDecoder().decode(data as Uint8Array);
  }
  return { arrays, notes };
}

const [{ arrays: small, notes: smallNotes }, { arrays: withGradients, notes }] = [
  await readGolden('trecvit'),
  await readGolden('trecvit-gradients'),
];

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

/** `encoder_norm` over `[B, T, N, D]`. */
const normed = (x: tf.Tensor, params: Params): tf.Tensor =>
  layerNorm(x, params['encoder_norm/scale'] as tf.Tensor, params['encoder_norm/bias'] as tf.Tensor);

/** From the class tokens to logits: the mean over time of tanh, and a linear layer; by the golden files' names. */
function headOf(encoded: tf.Tensor, params: Params): Record<string, tf.Tensor> {
  const [batch = 1, frames = 1, , width = 1] = encoded.shape;
  const cls = tf.reshape(tf.slice(encoded, 0, [batch, frames, 1, width]), [batch, frames, width]);
  const preLogits = tf.mean(tf.tanh(dense(cls, params, 'pre_logits')), 1);
  const logits = dense(preLogits, params, 'cls_head');
  return {
    '__out/pre_logits': tf.expandDims(preLogits, 1),
    '__out/logits': logits,
    '__out/probs': tf.softmax(logits),
  };
}

type States = readonly (RecurrentState | undefined)[];

/** All of it, from the states after the frames before; the results by the golden files' names. */
function model(
  video: tf.Tensor,
  params: Params,
  heads: number,
  states: States = [],
): { results: Record<string, tf.Tensor>; states: RecurrentState[] } {
  const tokens = tokensOf(video, subtree(params, 'tokenizer/'));
  const encoder = subtree(params, 'encoder/');
  let x = tokens;
  const layers: Record<string, tf.Tensor> = {};
  const after: RecurrentState[] = [];
  for (const layer of [0, 1]) {
    const before = states[layer];
    const block = subtree(encoder, `residualblock_0${layer}/`);
    const { y, state } = residualBlock(x, block, before === undefined ? {} : { state: before });
    after.push(state);
    layers[`__layer/${layer}/after_residual`] = y;
    x = overSpace(y, subtree(encoder, `encoderblock_${layer}/`), heads);
    layers[`__layer/${layer}/after_encoder`] = x;
  }
  const encoded = normed(x, encoder);
  return {
    results: {
      ...layers,
      '__out/tokens': tokens,
      '__out/encoded': encoded,
      ...headOf(encoded, subtree(params, 'decoder/')),
    },
    states: after,
  };
}

/** States by the golden files' names: rows are the tokens of each clip. */
function statesOf(states: readonly RecurrentState[], of: '__layer' | '__state') {
  return Object.fromEntries(
    states.flatMap(({ rgLru, conv }, layer) => {
      const [batch = 1, steps = 1, tokens = 1, width = 1] = conv.shape;
      const rows = tf.reshape(tf.transpose(conv, [0, 2, 1, 3]), [batch * tokens, steps, width]);
      return [
        [`${of}/${layer}/rg_lru_state`, tf.reshape(rgLru, [batch * tokens, width])],
        [`${of}/${layer}/conv1d_state`, rows],
      ];
    }),
  );
}

/** One frame after the other: outputs put together, what the head makes of all frames, and the last states. */
function streamed(video: tf.Tensor, params: Params, heads: number) {
  let states: RecurrentState[] = [];
  const frames = tf.split(video, video.shape[1] ?? 1, 1).map((frame) => {
    const step = model(frame, params, heads, states);
    states = step.states;
    return step.results;
  });
  const names = Object.keys(frames[0] ?? {}).filter((name) => frames[0]?.[name]?.rank === 4);
  const joined = names.map((name) => {
    const inTime = frames.map((results) => results[name] as tf.Tensor);
    return [name, tf.concat(inTime, 1)];
  });
  const results = Object.fromEntries(joined) as Record<string, tf.Tensor>;
  const encoded = results['__out/encoded'] as tf.Tensor;
  return { results: { ...results, ...headOf(encoded, subtree(params, 'decoder/')) }, states };
}

async function expectLike(
  arrays: Arrays,
  name: string,
  actual: tf.Tensor,
  tolerance: number,
): Promise<void> {
  const expected = array(arrays, name);
  // Softmax does not see the bias of the keys: its gradient is rounding, on either side, of numbers of order 0.01.
  if (name.endsWith('key/bias')) {
    await expectTensorClose(actual, expected, { rtol: 0, atol: 0.02 * tolerance });
  } else await expectCloseToScale(name, actual, expected, tolerance);
}

await describeBackends('the official TRecViT', (backend) => {
  const tolerance = officialTolerances[backend];

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
      await expectLike(withGradients, `__layer/${layer}/after_encoder`, y, tolerance);
      tf.dispose([params, x, y]);
    });
  }

  describe.each([
    ['of 2 heads and 6 frames', small, 2, '__state'],
    ['of 3 heads and 4 frames', withGradients, 3, '__layer'],
  ] as const)('%s', (_, arrays, heads, ofState) => {
    const wanted = [...arrays.keys()].filter((name) => /^__(out|layer|state)\//.test(name));

    it.each([
      ['the whole', model],
      ['a stream of single frames', streamed],
    ] as const)('has the outputs and the last states of %s', async (_, run) => {
      await expectNoLeak(async () => {
        const names = paramNames(arrays);
        const params = Object.fromEntries(names.map((name) => [name, tensor(arrays, name)]));
        const video = tensor(arrays, '__in/video');
        const results = tf.tidy(() => {
          const { results, states } = run(video, params, heads);
          return { ...results, ...statesOf(states, ofState) };
        }) as Record<string, tf.Tensor>;
        for (const name of wanted) {
          const result = results[name];
          if (result === undefined) throw new Error(`the model has no ${name}`);
          await expectLike(arrays, name, result, tolerance);
        }
        tf.dispose([params, video, results]);
      });
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
          const { results } = model(at.at(-1) as tf.Tensor, params, 3);
          return tf.sum(tf.mul(results['__out/logits'] as tf.Tensor, cotangent));
        })(inputs);
      });
      for (const [index, name] of [...names, '__in/video'].entries()) {
        await expectLike(withGradients, `__grad/${name}`, gradients[index] as tf.Tensor, tolerance);
      }
      tf.dispose([inputs, gradients]);
    });
  });
});

describe('the golden files', () => {
  it.each([
    ['trecvit', smallNotes, small],
    ['trecvit-gradients', notes, withGradients],
  ] as const)('have the commits of the official code and its settings: %s', (_, text, arrays) => {
    const { official, settings } = JSON.parse(text) as {
      official: string;
      settings: Record<string, number>;
    };
    expect(official).toMatch(
      /^google-deepmind\/trecvit@[0-9a-f]{40} .*recurrentgemma@[0-9a-f]{40}$/,
    );
    const { width, num_classes: classes } = settings;
    expect(array(arrays, '__out/logits').shape.at(-1)).toBe(classes);
    const linear = 'encoder/residualblock_00/recurrent_block/linear_x/kernel';
    expect(array(arrays, linear).shape[0]).toBe(width);
  });
});
