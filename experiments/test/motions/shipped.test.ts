// In a process of its own: it chooses a backend.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey, randomUniform, useBackend } from '@neverend/backend';
import { parameterCount, productFlops, TRecViT, topK } from '@neverend/trecvit';
import { decodeVideo } from '@neverend/trecvit/node';
import type { Clip, ClipSource } from '@neverend/trecvit/training';
import { type Picture, picturesToTensor } from '@neverend/trecvit/video';
import { folderUrl, motionNames, sureFrom } from '@neverend/trecvit-motions';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MotionClips } from '../../src/motions/clips/motion-clips.ts';
import { difficultyAt } from '../../src/motions/setup.ts';
import { VariedClips } from '../../src/motions/shipped/varied-clips.ts';
import { encodeClip } from './encode-clip.ts';
import { materialsOf, photographsAreHere } from './materials.ts';
import { movedWindow, picturesOf } from './moved-window.ts';

const opencv = '/usr/share/doc/opencv-doc/examples/data';
const folder = await mkdtemp(join(tmpdir(), 'motions-shipped-'));
let model: TRecViT;

beforeAll(async () => {
  await useBackend('wasm');
  model = await TRecViT.fromPretrained(folderUrl());
});
afterAll(async () => {
  model.dispose();
  await rm(folder, { recursive: true });
});

/** The pictures of a clip, as a decoder would give them. */
function picturesIn({ frames, rows, columns, pixels }: Clip, framesPerSecond: number): Picture[] {
  const size = rows * columns * 3;
  return Array.from({ length: frames }, (_, index) => ({
    ...{ seconds: index / framesPerSecond, rows, columns },
    pixels: pixels.subarray(index * size, (index + 1) * size),
  }));
}

/** What the model makes of some pictures at its own rate: the likeliest class. */
async function guess(pictures: readonly Picture[]): Promise<{ name: string; probability: number }> {
  const video = picturesToTensor(pictures, model.config, model.input);
  const { logits, probabilities } = model.classify(video);
  const shares = await probabilities.data();
  tf.dispose([video, logits, probabilities]);
  const probability = Math.max(...shares);
  return { name: motionNames[shares.indexOf(probability)] ?? '', probability };
}

const isLong = process.env['NEVEREND_LONG'] === '1';

/** Of the table in the README of the model, a line; a long run prints it. */
function say(title: string, ...shares: readonly (number | undefined)[]): void {
  const percents = shares.map((share) =>
    share === undefined ? '' : `${(100 * share).toFixed(0)} %`,
  );
  if (isLong) process.stdout.write(`| ${[title, ...percents].join(' | ')} |\n`);
}

/** Shares of cases: those that are named rightly, those in which the model is sure, and those of the sure ones that are right. */
function tally(cases: readonly { name: string; probability: number; wanted: string }[]) {
  const right = cases.filter(({ name, wanted }) => name === wanted);
  const sure = cases.filter(({ probability }) => probability >= sureFrom);
  const both = right.filter(({ probability }) => probability >= sureFrom);
  return {
    right: right.length / cases.length,
    sure: sure.length / cases.length,
    rightWhereSure: both.length / Math.max(1, sure.length),
  };
}

it('is small enough for a page', () => {
  expect(parameterCount(model.config)).toBeLessThan(1.2e6);
  expect(productFlops(model.config) / model.config.frames).toBeLessThan(3e8);
  expect(model.classNames).toEqual(motionNames);
});

/** The clips of a source as files, decoded as any video is, and what the model makes of them. */
async function ofVideos(name: string, source: ClipSource, count: number, seconds: number) {
  const cases = [];
  const { framesPerSecond, crop } = model.input;
  for (const [video, label] of source.labels.slice(0, count).entries()) {
    // Thirty frames a second, of other sizes than the model's: what cameras give.
    const request = { frames: 30 * seconds, framesPerSecond: 30, place: 0.5, shortSide: 144 };
    const clip = await source.clip(video, request);
    const isWebm = video % 9 === 1;
    const path = join(folder, `${name}-${video}.${isWebm ? 'webm' : 'mp4'}`);
    await encodeClip(path, clip, 30, isWebm ? 'libvpx-vp9' : 'libx264');
    const fit = { imageSize: model.config.imageSize, crop };
    const pictures: Picture[] = [];
    for await (const picture of decodeVideo(path, { fit, framesPerSecond })) pictures.push(picture);
    expect(pictures).toHaveLength(seconds * framesPerSecond);
    cases.push({ ...(await guess(pictures)), wanted: motionNames[label] as string });
  }
  return tally(cases);
}

const heldOut = async () =>
  new VariedClips(randomKey('a test'), 320, await materialsOf('held-out'), false);

it.runIf(photographsAreHere)('names motions of held-out clips', async () => {
  const source = await heldOut();
  const cases = [];
  const { frames, imageSize } = model.config;
  const { framesPerSecond } = model.input;
  for (const [video, label] of source.labels.entries()) {
    const request = { frames, framesPerSecond, place: 0.5, shortSide: imageSize[0] };
    const clip = await source.clip(video, request);
    const found = await guess(picturesIn(clip, framesPerSecond));
    cases.push({ ...found, wanted: motionNames[label] as string });
  }
  const { right, sure, rightWhereSure } = tally(cases);
  say('320 held-out clips', right, sure, rightWhereSure);
  expect(right).toBeGreaterThan(0.8);
  expect(sure).toBeGreaterThan(0.7);
  expect(rightWhereSure).toBeGreaterThan(0.9);
});

it.runIf(photographsAreHere)(
  'names motions of videos encoded from held-out clips',
  async () => {
    const count = isLong ? 320 : 32;
    const { right, sure, rightWhereSure } = await ofVideos('held-out', await heldOut(), count, 1);
    say(`${count} of them as mp4 and webm`, right, sure, rightWhereSure);
    expect(right).toBeGreaterThan(0.75);
    expect(rightWhereSure).toBeGreaterThan(0.85);
  },
  600_000,
);

it.runIf(photographsAreHere)(
  'names motions of videos in which one thing moves plainly',
  async () => {
    const plain = { ...difficultyAt(0.1), cuts: false, seconds: [2, 2.5] as const, zoom: 1.6 };
    const count = isLong ? 96 : 16;
    const source = new MotionClips(randomKey('videos'), 96, await materialsOf('held-out'), plain);
    const { right, sure, rightWhereSure } = await ofVideos('plain', source, count, 2);
    say(`${count} easier videos`, right, sure, rightWhereSure);
    expect(right).toBeGreaterThan(0.8);
    expect(rightWhereSure).toBeGreaterThan(0.9);
  },
  600_000,
);

it.runIf(photographsAreHere)('names motions of a camera over real clips', async () => {
  const cases = [];
  const { framesPerSecond } = model.input;
  for (const [name, from] of [
    ['vtest.avi', 1],
    ['vtest.avi', 30],
    ['tree.avi', 1],
  ] as const) {
    const pictures = await picturesOf(
      join(opencv, name),
      from,
      model.config.frames,
      framesPerSecond,
    );
    for (const wanted of motionNames) {
      for (const begin of [
        { x: 0, y: 0 },
        { x: 0.15, y: -0.1 },
      ]) {
        const clip = movedWindow(pictures, wanted, 96, begin);
        cases.push({ ...(await guess(picturesIn(clip, framesPerSecond))), wanted });
      }
    }
  }
  const { right, sure, rightWhereSure } = tally(cases);
  say(`${cases.length} windows that move over real clips`, right, sure, rightWhereSure);
  expect(right).toBeGreaterThan(0.85);
  expect(rightWhereSure).toBeGreaterThan(0.9);
});

it.runIf(photographsAreHere)('is not sure of what has no motion that it knows', async () => {
  const { framesPerSecond } = model.input;
  const [side] = model.config.imageSize;
  const size = side * side * 3;
  const { frames } = model.config;
  const count = isLong ? 320 : 32;
  let sure = 0;
  const source = new MotionClips(
    randomKey('order'),
    2 * count,
    await materialsOf('held-out'),
    difficultyAt(0.2),
  );
  for (let video = 0; video < count; video++) {
    // Each frame is of another video.
    const pixels = new Uint8Array(frames * size);
    for (let index = 0; index < frames; index++) {
      const one = { frames: 1, framesPerSecond, place: 0.5, shortSide: side };
      pixels.set(
        (await source.clip((5 * video + 8 * index) % (2 * count), one)).pixels,
        index * size,
      );
    }
    const { probability } = await guess(
      picturesIn({ frames, rows: side, columns: side, pixels }, framesPerSecond),
    );
    if (probability >= sureFrom) sure++;
  }
  say(`${count} clips of frames out of order`, undefined, sure / count, undefined);
  expect(sure / count).toBeLessThan(0.01);
  const noise = Uint8Array.from(randomUniform(randomKey('noise'), frames * size), (u) => 256 * u);
  const clip = { frames, rows: side, columns: side, pixels: noise };
  expect((await guess(picturesIn(clip, framesPerSecond))).probability).toBeLessThan(sureFrom);
});

it.runIf(photographsAreHere)('follows a stream when its motion changes', async () => {
  const { framesPerSecond } = model.input;
  const pictures = await picturesOf(join(opencv, 'vtest.avi'), 10, 16, framesPerSecond);
  const [first] = pictures;
  if (first === undefined) throw new Error('vtest.avi has no pictures');
  const stream = model.stream();
  const seen: string[] = [];
  for (const motion of ['left', 'right', 'up', 'down'] as const) {
    const clip = movedWindow(pictures, motion, 96, { x: 0, y: 0 });
    for (const picture of picturesIn(clip, framesPerSecond)) {
      const frame = picturesToTensor([picture], model.config, model.input);
      const { features, logits } = stream.push(frame);
      const [[best] = []] = await topK(logits, 1, model.classNames);
      seen.push(best?.name ?? '');
      tf.dispose([frame, features, logits]);
    }
  }
  stream.dispose();
  // Two seconds each, after the last of which the new motion is the likeliest.
  expect([15, 31, 47, 63].map((index) => seen[index])).toEqual(['left', 'right', 'up', 'down']);
});
