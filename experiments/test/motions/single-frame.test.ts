// In a process of its own: it chooses a backend.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey, useBackend } from '@neverend/backend';
import { evaluateClassifier, trainClassifier } from '@neverend/trecvit/training';
import { motionNames } from '@neverend/trecvit-motions';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { initArm } from '../../src/motions/arms/arm-model.ts';
import { armTrainee } from '../../src/motions/arms/arm-trainee.ts';
import type { Materials } from '../../src/motions/clips/materials.ts';
import { MotionClips } from '../../src/motions/clips/motion-clips.ts';
import type { Difficulty } from '../../src/motions/clips/scene.ts';
import type { Split } from '../../src/motions/clips/split.ts';
import { texture } from '../../src/motions/clips/texture.ts';
import { config, difficultyAt, input, settings } from '../../src/motions/setup.ts';
import { materialsOf, photographsAreHere } from './materials.ts';
import { ridgeAccuracy } from './ridge.ts';

const side = 32;
const cells = 8;

/** What a frame shows, in cells: mean colours, and how rough and how bright each is, also squared, so that a linear classifier sees where and how large things are. */
function features(pixels: Uint8Array): Float64Array {
  const cell = side / cells;
  const values: number[] = [];
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      let [red, green, blue, rough] = [0, 0, 0, 0];
      for (let i = 0; i < cell; i++) {
        for (let j = 0; j < cell; j++) {
          const at = 3 * ((row * cell + i) * side + column * cell + j);
          const [r, g, b] = pixels.subarray(at, at + 3) as unknown as [number, number, number];
          red += r / 255;
          green += g / 255;
          blue += b / 255;
          if (j + 1 < cell) rough += Math.abs(g - (pixels[at + 4] as number)) / 255;
          if (i + 1 < cell) rough += Math.abs(g - (pixels[at + 3 * side + 1] as number)) / 255;
        }
      }
      const count = cell * cell;
      values.push(red / count, green / count, blue / count, rough / count, (rough / count) ** 2);
    }
  }
  return Float64Array.from(values);
}

/** Digits before a plain wall, where even a linear classifier sees where they are and how large. */
async function plainMaterials(split: Split): Promise<Materials> {
  const wall = { rows: 64, columns: 64, channels: 3, data: new Uint8Array(64 * 64 * 3).fill(120) };
  return { ...(await materialsOf(split)), photographs: [texture(wall)], fingerprint: 'plain' };
}

/** Of a classifier that sees one frame of each video, always that of the same time. */
async function accuracy(
  difficulty: Difficulty,
  place: number,
  materials: (split: Split) => Promise<Materials>,
): Promise<number> {
  const set = async (split: Split, videos: number) => {
    const clips = new MotionClips(randomKey(3, split), videos, await materials(split), difficulty);
    const inputs: Float64Array[] = [];
    for (let video = 0; video < videos; video++) {
      const { pixels } = await clips.clip(video, {
        ...{ frames: 1, framesPerSecond: 8, place, shortSide: side },
      });
      inputs.push(features(pixels));
    }
    return { inputs, labels: clips.labels };
  };
  return ridgeAccuracy(
    await set('training', 2400),
    await set('held-out', 1600),
    motionNames.length,
  );
}

// By chance one in 8 is right, with a deviation of 0.8 points over 1600 videos.
const chance = 1 / motionNames.length;
const deviation = Math.sqrt((chance * (1 - chance)) / 1600);

it.runIf(photographsAreHere)('gives no motion away in a single frame', async () => {
  const single = await accuracy(difficultyAt(0.125), 0, materialsOf);
  expect(single).toBeLessThan(chance + 4 * deviation);
});

const onlyThings = { ...difficultyAt(0), wholePicture: 0 };

it.runIf(photographsAreHere)('gives none away where things are easy to see', async () => {
  for (const place of [0, 1]) {
    const single = await accuracy(onlyThings, place, plainMaterials);
    expect(single, `at ${place}`).toBeLessThan(chance + 4 * deviation);
  }
});

it.runIf(photographsAreHere)('would be caught if it gave some away', async () => {
  const withoutCuts = { ...onlyThings, cuts: false, seconds: [2, 2] as const };
  const single = await accuracy(withoutCuts, 0, plainMaterials);
  expect(single).toBeGreaterThan(chance + 8 * deviation);
});

it.runIf(photographsAreHere && process.env['NEVEREND_LONG'])(
  'gives no motion away in a single frame to a trained network',
  async () => {
    await useBackend('auto');
    const folder = await mkdtemp(join(tmpdir(), 'motions-single-frame-'));
    const single = { ...config, frames: 1 };
    const params = initArm('lru', randomKey(1), single);
    const model = armTrainee('lru', params, single, input);
    const clips = async (split: 'training' | 'held-out', videos: number) =>
      new MotionClips(randomKey(4, split), videos, await materialsOf(split), difficultyAt(0.125));
    const trained = await trainClassifier({
      ...{ model, folder, train: await clips('training', 16_000) },
      settings: { ...settings.clips, steps: 500 },
    });
    const test = await clips('held-out', 1600);
    const options = { params: trained.params, clips: 1, crops: 1, batchSize: 32 };
    const { top1 } = await evaluateClassifier(model, test, options);
    tf.dispose([params, trained.params]);
    await rm(folder, { recursive: true });
    expect(top1).toBeLessThan(chance + 4 * deviation);
  },
  600_000,
);
