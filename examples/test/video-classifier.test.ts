import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@neverend/backend';
import { TRecViT } from '@neverend/trecvit';
import { encode } from 'fast-png';
import { afterAll, expect, it } from 'vitest';
import { trainOnClips } from '../src/video-classifier.ts';

const folder = await mkdtemp(join(tmpdir(), 'video-classifier-'));
afterAll(() => rm(folder, { recursive: true }));

const size = 32;

/** One second of 25 pictures on which a bright bar goes from one side to the other. */
async function writeVideo(path: string, towardsRight: boolean, row: number): Promise<void> {
  await mkdir(path, { recursive: true });
  for (let frame = 0; frame < 25; frame++) {
    const place = towardsRight ? frame : 24 - frame;
    const data = new Uint8Array(size * size * 3).fill(40);
    for (let y = row; y < row + 12; y++) {
      data.fill(230, (y * size + place) * 3, (y * size + place + 8) * 3);
    }
    const png = encode({ width: size, height: size, channels: 3, data });
    await writeFile(join(path, `${frame}.png`), png);
  }
}

it('learns two motions from folders of pictures, and writes a model that knows their names', async () => {
  await useBackend('wasm');
  const clips = join(folder, 'clips');
  for (let video = 0; video < 8; video++) {
    await writeVideo(join(clips, 'left', `${video}`), false, 2 * video);
    await writeVideo(join(clips, 'right', `${video}`), true, 2 * video);
  }
  const settings = {
    ...{ steps: 100, batchSize: 8, learningRate: 3e-3, crops: 1, clips: 1 },
    evaluateEvery: 100,
    scaleJitter: 'none',
  } as const;
  const evaluation = await trainOnClips(clips, join(folder, 'run'), settings);
  // Four videos that it was not trained on; of two classes, guessing is right in half of them.
  expect(evaluation?.videos).toBe(4);
  expect(evaluation?.top1).toBe(1);

  const model = await TRecViT.fromPretrained(join(folder, 'run', 'model'));
  expect(model.classNames).toEqual(['left', 'right']);
  model.dispose();
}, 300_000);
