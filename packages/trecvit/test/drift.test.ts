import { randomKey, randomUniform } from '@neverend/backend';
import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import { expect, it } from 'vitest';
import { initTRecViT, officialConstants, TRecViT, type TRecViTConfig } from '../src/index.ts';

// A model that forgot too little, or whose states grew, would know less of a video the longer it has run.

const side = 8;
const config: TRecViTConfig = {
  ...officialConstants,
  ...{ layers: 2, width: 24, mlpWidth: 48, heads: 2, lruWidth: 48, gateBlocks: 2, minRadius: 0.5 },
  ...{ patch: 4, imageSize: [side, side], headWidth: 128, classes: 5, frames: 8 },
};
const frameSize = side * side * 3;

/**
 * A square that wanders over a plain ground, with noise: red, green, blue, white, or white in every other frame. Each class of the list is
 * shown for `length` frames.
 *
 * @param scene what light and colours are drawn by. @param noise what noise and the way of the square are drawn by.
 */
function scenes(classes: readonly number[], length: number, scene: string, noise: string) {
  const drawn = randomUniform(randomKey('scene', scene), 4 * classes.length);
  const speckles = randomUniform(randomKey('noise', noise), classes.length * length * frameSize);
  const pixels = new Float32Array(speckles.length);
  const way = randomUniform(randomKey('way', noise), 2 * classes.length * length);
  let [row, column] = [3, 3];
  for (let frame = 0; frame < classes.length * length; frame++) {
    const shown = Math.floor(frame / length);
    const kind = classes[shown] ?? 0;
    const light = 0.8 + 0.2 * (drawn[4 * shown] ?? 0);
    const step = (at: number) => Math.floor(3 * (way[at] ?? 0)) - 1;
    row = (row + step(2 * frame) + side) % side;
    column = (column + step(2 * frame + 1) + side) % side;
    const isOn = kind < 4 || frame % 2 === 0;
    for (let pixel = 0; pixel < side * side; pixel++) {
      const away = (a: number, b: number) => Math.min((a - b + side) % side, (b - a + side) % side);
      const near = away(Math.floor(pixel / side), row) <= 1 && away(pixel % side, column) <= 1;
      for (let colour = 0; colour < 3; colour++) {
        const at = frame * frameSize + 3 * pixel + colour;
        const ground = 0.2 * (drawn[4 * shown + 1 + colour] ?? 0);
        const square = kind > 2 || kind === colour ? light : 0.1;
        pixels[at] = (isOn && near ? square : ground) + 0.1 * (speckles[at] ?? 0);
      }
    }
  }
  return pixels;
}

/** A model of which the last layer alone has learned, from 60 videos of 4 scenes of 30 frames. */
async function fitted(): Promise<TRecViT> {
  const [videos, shown, length] = [60, 4, 30];
  const frames = shown * length;
  const params = initTRecViT(randomKey(3), config);
  const body = new TRecViT(config, params);
  const orders = Array.from({ length: videos }, (_, video) =>
    Array.from(
      { length: shown },
      (__, place) => (place * (1 + (video % 4)) + Math.floor(video / 4)) % 5,
    ),
  );
  const pixels = new Float32Array(videos * frames * frameSize);
  for (const [video, order] of orders.entries()) {
    const name = `training ${video}`;
    pixels.set(scenes(order, length, name, name), video * frames * frameSize);
  }
  const tokens = tf.tidy(() => {
    const { features } = body.forward(tf.tensor(pixels, [videos, frames, side, side, 3]));
    return tf.slice(features, [0, 0, 0, 0], [videos, frames, 1, config.width]);
  });
  const seen = await tokens.data();
  const into = await (params['decoder/pre_logits/kernel'] as tf.Tensor).data();
  tokens.dispose();
  // The head's average, in plain loops.
  const decay = 0.5 ** (1 / config.frames);
  const [rows, targets]: [Float64Array[], Float64Array[]] = [[], []];
  for (const [video, order] of orders.entries()) {
    const average = new Float64Array(config.headWidth + 1);
    average[config.headWidth] = 1;
    let weight = 0;
    for (let frame = 0; frame < frames; frame++) {
      weight = weight * decay + 1;
      for (let p = 0; p < config.headWidth; p++) {
        let sum = 0;
        for (let d = 0; d < config.width; d++) {
          const token = seen[(video * frames + frame) * config.width + d] ?? 0;
          sum += token * (into[d * config.headWidth + p] ?? 0);
        }
        average[p] = (average[p] ?? 0) + (Math.tanh(sum) - (average[p] ?? 0)) / weight;
      }
      if (frame % length < config.frames) continue;
      rows.push(average.slice());
      const target = new Float64Array(5);
      target[order[Math.floor(frame / length)] ?? 0] = 1;
      targets.push(target);
    }
  }
  const x = new Matrix(rows);
  const gram = x
    .transpose()
    .mmul(x)
    .add(Matrix.eye(x.columns, x.columns, 0.05));
  const weights = new CholeskyDecomposition(gram)
    .solve(x.transpose().mmul(new Matrix(targets)))
    .to2DArray();
  const { 'decoder/cls_head/kernel': kernel, 'decoder/cls_head/bias': bias, ...rest } = params;
  tf.dispose([kernel, bias]);
  return new TRecViT(config, {
    ...rest,
    'decoder/cls_head/kernel': tf.tensor(
      weights.slice(0, -1).flatMap((row) => [...row]),
      [config.headWidth, 5],
    ),
    'decoder/cls_head/bias': tf.tensor1d([...(weights.at(-1) ?? [])]),
  });
}

const isLong = process.env['NEVEREND_LONG'] === '1';
/**
 * Videos side by side. In each quarter of a video light, colours, noise and ways are others; but what one shows in a quarter another shows
 * in the next, so that all quarters are equally hard: what differs is what came before.
 */
const rows = 4;

await describeBackends('streams of 2,000 frames', (backend) => {
  // Here one backend shows it, with five frames a push.
  const runs = backend === 'wasm' || (isLong && backend === 'tensorflow');

  /** Of each quarter the share of pushes after which the class that is shown is the likeliest. */
  async function accuracies(model: TRecViT, halfLife: number, chunk: number): Promise<number[]> {
    const stream = model.stream({ batch: rows, halfLife });
    const shares: number[] = [];
    const push = async (videos: readonly Float32Array[]): Promise<(number | undefined)[]> => {
      const video = tf.tidy(() =>
        tf.stack(videos.map((pixels) => tf.tensor(pixels, [chunk, side, side, 3]))),
      );
      const step = stream.push(video);
      const guesses = await step.top(1);
      step.dispose();
      video.dispose();
      return guesses.map(([best]) => best?.index);
    };
    // What ends the other quarters comes before the first one, too.
    await push(Array.from({ length: rows }, (_, row) => scenes([4], chunk, `${row}`, `${row}`)));
    for (let quarter = 0; quarter < rows; quarter++) {
      const videos = Array.from({ length: rows }, (_, row) => {
        const name = `part ${(quarter + row) % rows}`;
        return scenes([0, 1, 2, 3, 4], 100, name, name);
      });
      let right = 0;
      for (let frame = 0; frame < 500; frame += chunk) {
        const place = [frame * frameSize, (frame + chunk) * frameSize] as const;
        const found = await push(videos.map((pixels) => pixels.subarray(...place)));
        right += found.filter((index) => index === Math.floor(frame / 100)).length;
      }
      shares.push((right * chunk) / (500 * rows));
    }
    stream.dispose();
    return shares;
  }

  it.runIf(runs)(
    'whose class changes every 100 are known in their last quarter as in their first, to two points',
    async () => {
      const model = await fitted();
      const [first = 0, , , last = 0] = await accuracies(model, config.frames, isLong ? 1 : 5);
      expect(first).toBeGreaterThan(0.85);
      expect(Math.abs(last - first)).toBeLessThanOrEqual(0.02);
      // The mean over all frames forgets nothing, and so does not know what it sees now.
      const [, , , mean] = await accuracies(model, Number.POSITIVE_INFINITY, 20);
      expect(mean).toBeLessThan(0.6);
      model.dispose();
    },
    600_000,
  );
});
