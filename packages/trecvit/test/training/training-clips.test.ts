import { describeBackends } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import type { ClipFormat, ClipRequest, ClipSource } from '../../src/training/index.ts';
import type { TrainSettings } from '../../src/training/train-defaults.ts';
import { resolveSettings } from '../../src/training/train-settings.ts';
import { batchOf, trainingClips } from '../../src/training/training-clips.ts';

const format: ClipFormat = {
  frames: 2,
  imageSize: [4, 6],
  input: { framesPerSecond: 5, crop: 'centre', range: [0, 1] },
};

/** Videos whose bright half is on the side of their class, and whose green is their number. */
function sides(videos: number, asked: ClipRequest[] = []): ClipSource {
  return {
    classNames: ['left', 'right'],
    labels: Array.from({ length: videos }, (_, video) => video % 2),
    clip: async (video, request) => {
      asked.push(request);
      const pixels = Uint8Array.from({ length: 2 * 8 * 12 * 3 }, (_, at) => {
        const isBright = Math.floor(at / 3) % 12 < 6 === (video % 2 === 0);
        return [isBright ? 255 : 0, video, 0][at % 3] as number;
      });
      return { frames: 2, rows: 8, columns: 12, pixels };
    },
  };
}

async function take(source: ClipSource, settings: TrainSettings, step = 0, ahead = 3) {
  const resolved = resolveSettings(settings, source);
  const drawn = [];
  for await (const clip of trainingClips(source, format, resolved, step, ahead)) drawn.push(clip);
  const batch = batchOf(drawn, format, resolved);
  const [pixels, labels] = [await batch.video.data(), await batch.labels.data()];
  tf.dispose([batch.video, batch.labels]);
  const size = pixels.length / labels.length;
  return Array.from(labels, (label, row) => {
    const own = pixels.subarray(row * size, (row + 1) * size);
    const video = Math.round(255 * (own[1] as number));
    return { label, video, brightLeft: (own[0] as number) > (own[15] as number) };
  });
}

// It is the same on every backend: only tensors are made of what was drawn.
await describeBackends('clips of a training', () => {
  it('shows each video once an epoch, in another order each time', async () => {
    const seen = (await take(sides(10), { epochs: 3, batchSize: 5 })).map(({ video }) => video);
    const all = Array.from({ length: 10 }, (_, video) => video);
    const epochs = [seen.slice(0, 10), seen.slice(10, 20), seen.slice(20)];
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(all);
    expect(epochs[0]).not.toEqual(epochs[1]);
    expect(epochs[1]).not.toEqual(epochs[2]);
  });

  it('draws the same from a step on, however much is read ahead, and other clips for another seed', async () => {
    const settings = { epochs: 3, batchSize: 5, flips: [['left', 'right']] } as const;
    const whole = await take(sides(10), settings);
    expect(await take(sides(10), settings, 4, 0)).toEqual(whole.slice(20));
    expect(await take(sides(10), { ...settings, seed: 1 })).not.toEqual(whole);
  });

  it('swaps the labels of mirrored clips where the classes are swapped by a mirror', async () => {
    const swapped = await take(sides(40), {
      ...{ epochs: 1, scaleJitter: 'none', flips: [['left', 'right']] },
    });
    // What is seen is what the label says, of clips that were mirrored too.
    expect(swapped.every(({ label, brightLeft }) => brightLeft === (label === 0))).toBe(true);
    const mirrored = swapped.filter(({ label, video }) => label !== video % 2);
    expect(mirrored.length).toBeGreaterThan(8);
    expect(mirrored.length).toBeLessThan(32);

    const kept = await take(sides(40), { epochs: 1, scaleJitter: 'none', flips: [] });
    expect(kept.every(({ label, video }) => label === video % 2)).toBe(true);
    const turned = kept.filter(({ label, brightLeft }) => brightLeft !== (label === 0));
    expect(turned).toHaveLength(mirrored.length);

    const plain = await take(sides(40), { epochs: 1 });
    expect(plain.every(({ label, brightLeft }) => brightLeft === (label === 0))).toBe(true);
  });

  it('asks for clips anywhere in a video, at the size that the window needs', async () => {
    const asked: ClipRequest[] = [];
    await take(sides(10, asked), { epochs: 10 });
    expect(
      asked.every(({ frames, framesPerSecond }) => frames === 2 && framesPerSecond === 5),
    ).toBe(true);
    const places = asked.map(({ place }) => place);
    expect(Math.min(...places)).toBeLessThan(0.1);
    expect(Math.max(...places)).toBeGreaterThan(0.9);
    const short = asked.map(({ shortSide = 0 }) => shortSide);
    expect(Math.min(...short)).toBe(6);
    expect(Math.max(...short)).toBe(9);
  });

  it('refuses a clip that is not what was asked for', async () => {
    const broken: ClipSource = {
      ...sides(2),
      clip: async () => ({ frames: 1, rows: 8, columns: 12, pixels: new Uint8Array(288) }),
    };
    await expect(take(broken, { steps: 1, batchSize: 2 })).rejects.toThrow(
      'a clip had 1 frames of 8 x 12 and 288 bytes; it must have 2 frames',
    );
  });
}, ['cpu']);
