import { fileURLToPath } from 'node:url';
import {
  describeBackends,
  expectCloseToScale,
  expectNoLeak,
  expectTensorClose,
  officialTolerances,
  poisonMemory,
} from '@neverend/backend/testing';
import { readNpz } from '@neverend/checkpoint/node';
import { residualBlock } from '@neverend/lru';
import { type Params, subtree } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  forward,
  officialConstants,
  type TRecViTConfig,
  type TRecViTState,
  tokenize,
  trecvitLayer,
} from '../src/index.ts';

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

/** The configuration of a golden file, by its settings and its frames of 32 x 32 pixels. */
function configOf(arrays: Arrays, text: string): TRecViTConfig {
  const { settings } = JSON.parse(text) as { settings: Record<string, number> };
  const of = (name: string) => settings[name] ?? 0;
  return {
    ...officialConstants,
    ...{ layers: of('depth'), width: of('width'), mlpWidth: of('mlp_dim') },
    ...{ heads: of('num_heads'), lruWidth: 2 * of('width'), gateBlocks: of('num_heads') },
    ...{ minRadius: 0.5, imageSize: [32, 32] },
    ...{ headWidth: of('rep_size'), classes: of('num_classes') },
    frames: array(arrays, '__in/video').shape[1] ?? 1,
  };
}

/** All that the golden files name, from the states after the frames before. */
function model(video: tf.Tensor, params: Params, config: TRecViTConfig, state?: TRecViTState) {
  const tokens = tokenize(video, subtree(params, 'tokenizer/'), config);
  const layers: Record<string, tf.Tensor> = {};
  let x = tokens;
  for (let layer = 0; layer < config.layers; layer++) {
    const before = state?.layers[layer];
    const options = before === undefined ? {} : { state: before };
    const { y } = residualBlock(x, subtree(params, `encoder/residualblock_0${layer}/`), options);
    layers[`__layer/${layer}/after_residual`] = y;
    x = trecvitLayer(x, params, layer, config, options).y;
    layers[`__layer/${layer}/after_encoder`] = x;
  }
  const whole = forward(video, params, config, state === undefined ? {} : { state });
  const results: Record<string, tf.Tensor> = {
    ...layers,
    '__out/tokens': tokens,
    '__out/encoded': whole.features,
    '__out/pre_logits': whole.state.head.values,
    '__out/logits': whole.logits,
    '__out/probs': tf.softmax(whole.logits),
  };
  return { results, state: whole.state };
}

/** States by the golden files' names: rows are the tokens of each clip. */
function statesOf({ layers }: TRecViTState, of: '__layer' | '__state') {
  return Object.fromEntries(
    layers.flatMap(({ rgLru, conv }, layer) => {
      const [batch = 1, steps = 1, tokens = 1, width = 1] = conv.shape;
      const rows = tf.reshape(tf.transpose(conv, [0, 2, 1, 3]), [batch * tokens, steps, width]);
      return [
        [`${of}/${layer}/rg_lru_state`, tf.reshape(rgLru, [batch * tokens, width])],
        [`${of}/${layer}/conv1d_state`, rows],
      ];
    }),
  );
}

/** One frame after the other: what has a time put together, and the rest as it is after the last frame. */
function streamed(video: tf.Tensor, params: Params, config: TRecViTConfig) {
  let state: TRecViTState | undefined;
  const frames = tf.split(video, video.shape[1] ?? 1, 1).map((frame) => {
    const step = model(frame, params, config, state);
    state = step.state;
    return step.results;
  });
  const last = frames.at(-1) ?? {};
  const results = Object.fromEntries(
    Object.entries(last).map(([name, result]) => [
      name,
      result.rank === 4
        ? tf.concat(
            frames.map((of) => of[name] as tf.Tensor),
            1,
          )
        : result,
    ]),
  );
  return { results, state: state as TRecViTState };
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

  describe.each([
    ['of 2 heads and 6 frames', small, configOf(small, smallNotes), '__state'],
    ['of 3 heads and 4 frames', withGradients, configOf(withGradients, notes), '__layer'],
  ] as const)('%s', (_, arrays, config, ofState) => {
    const wanted = [...arrays.keys()].filter((name) => /^__(out|layer|state)\//.test(name));

    it.each([
      ['the whole', model],
      ['a stream of single frames', streamed],
    ] as const)('has the outputs and the last states of %s', async (_, run) => {
      poisonMemory();
      await expectNoLeak(async () => {
        const names = paramNames(arrays);
        const params = Object.fromEntries(names.map((name) => [name, tensor(arrays, name)]));
        const video = tensor(arrays, '__in/video');
        const results = tf.tidy(() => {
          const { results, state } = run(video, params, config);
          return { ...results, ...statesOf(state, ofState) };
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
    poisonMemory();
    await expectNoLeak(async () => {
      const names = paramNames(withGradients);
      const inputs = [...names, '__in/video'].map((name) => tensor(withGradients, name));
      const gradients = tf.tidy(() => {
        const cotangent = tensor(withGradients, '__in/cotangent');
        return tf.grads((...at: tf.Tensor[]) => {
          const params = Object.fromEntries(
            names.map((name, index) => [name, at[index] as tf.Tensor]),
          );
          const config = configOf(withGradients, notes);
          const { logits } = forward(at.at(-1) as tf.Tensor, params, config);
          return tf.sum(tf.mul(logits, cotangent));
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
