import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey, useBackend } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { officialConstants, TRecViT, type TRecViTConfig } from '../../src/index.ts';
import { saveModel } from '../../src/node/index.ts';
import { encodeVideo } from '../node/encode-video.ts';

/** A model of frames of 16 x 16 pixels, and of three classes. */
export const config: TRecViTConfig = {
  ...officialConstants,
  ...{ layers: 1, width: 8, mlpWidth: 12, heads: 2, lruWidth: 8, gateBlocks: 2, minRadius: 0.5 },
  ...{ patch: 8, imageSize: [16, 16], headWidth: 6, classes: 3, frames: 4 },
};

/** Files for the commands. */
export interface Fixture {
  readonly folder: string;
  /** A checkpoint with `config`, whose classes are left, right and still. */
  readonly model: string;
  /** 0.96 s of 48 x 32 pixels, which get brighter: 12 frames of 12.5 a second. */
  readonly video: string;
  /** A folder of class folders: four dark and four bright videos of 0.32 s. */
  readonly clips: string;
  remove(): Promise<void>;
}

export async function makeFixture(): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'trecvit-cli-'));
  const [model, video, clips] = ['model', 'ramp.mp4', 'clips'].map((name) => join(folder, name));
  const names = { classNames: ['left', 'right', 'still'] };
  // Its note on faster backends is for others.
  tf.env().set('PROD', true);
  await useBackend('cpu');
  const drawn = TRecViT.init(config, randomKey(7), names);
  await saveModel(drawn, model as string);
  drawn.dispose();
  await greyVideo(video as string, 24, (index) => 40 + 8 * index);
  for (const [name, level] of Object.entries({ bright: 200, dark: 50 })) {
    await mkdir(join(clips as string, name), { recursive: true });
    for (let index = 0; index < 4; index++) {
      await greyVideo(join(clips as string, name, `${index}.mp4`), 8, () => level + 10 * index);
    }
  }
  return {
    ...{ folder, model: model as string, video: video as string, clips: clips as string },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Pictures of one grey each, 25 a second. */
async function greyVideo(
  path: string,
  count: number,
  level: (index: number) => number,
): Promise<void> {
  const [columns, rows] = [48, 32];
  const pictures = Array.from({ length: count }, (_, index) => {
    const bytes = new Uint8Array(1.5 * columns * rows).fill(128);
    return { at: 40 * index, bytes: bytes.fill(level(index), 0, columns * rows) };
  });
  await encodeVideo(path, pictures, { columns, rows });
}
