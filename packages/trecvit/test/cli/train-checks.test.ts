import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { NamedArray } from '@neverend/checkpoint';
import { readSafetensors } from '@neverend/checkpoint/node';
import type { Outcome } from '@neverend/command-line/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { trecvit } from './capture.ts';
import { type Fixture, makeFixture } from './fixture.ts';

let files: Fixture;
beforeAll(async () => {
  files = await makeFixture();
});
afterAll(() => files?.remove());

/** A copy of the videos, which a test may spoil. */
async function clipsOf(name: string): Promise<string> {
  const clips = join(files.folder, name);
  await cp(files.clips, clips, { recursive: true });
  return clips;
}

function train(data: string, out: string, ...more: readonly string[]): Promise<Outcome> {
  return trecvit(
    ...['train', data, '--out', join(files.folder, out), '--from', files.model],
    ...['--batch-size', '2', '--clips', '1', '--crops', '1', '--backend', 'cpu', ...more],
  );
}

it('refuses data of one class, and leaves nothing behind', async () => {
  const data = join(files.folder, 'one');
  await mkdir(data);
  await cp(join(files.clips, 'dark'), join(data, 'dark'), { recursive: true });
  const { code, stderr } = await train(data, 'one-run', '--steps', '1');
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: `trecvit: ${data} has one class (dark); a classifier needs two or more\n`,
  });
  expect(existsSync(join(files.folder, 'one-run'))).toBe(false);
});

it.each([
  [
    ['--accumulate', '4'],
    /^trecvit: --accumulate was 4; it must divide --batch-size, which is 2$/m,
  ],
  [['--label-smoothing', '1'], /^trecvit: --label-smoothing was 1; it must be below 1$/m],
  [
    ['--flips', 'dark:grey'],
    /^trecvit: --flips had the class "grey"; the classes are bright, dark$/m,
  ],
  [
    ['--image-size', '30'],
    /^trecvit: --image-size was \[30, 30\]; rows and columns must be multiples of patch, which is 8$/m,
  ],
])('refuses %j by the name of its flag, before a video is opened', async (flags, message) => {
  const data = await clipsOf('early');
  await writeFile(join(data, 'dark', '0.mp4'), 'no video');
  const { code, stderr } = await train(data, 'early-run', ...flags);
  expect(code).toBe(1);
  expect(stderr).toMatch(message);
  expect(stderr).not.toContain('open each video');
});

it('opens the videos once: a run that goes on does not look again, and other settings are named', async () => {
  const data = await clipsOf('once');
  const first = await train(data, 'once-run', '--steps', '2');
  expect(first.code).toBe(0);
  expect(first.stderr).toContain('open each video once');
  const again = await train(data, 'once-run', '--steps', '2');
  expect(again).toMatchObject({ code: 0, stdout: first.stdout });
  expect(again.stderr).not.toContain('open each video');
  const longer = await train(data, 'once-run', '--steps', '3', '--image-size', '32');
  expect(longer.code).toBe(1);
  expect(longer.stderr).toMatch(
    /holds a run with other settings \(the model to start from: [^;)]+; --steps: 2 became 3; --image-size: 16 became 32\); give it the same ones or use another folder\n$/,
  );
  await copyFile(join(data, 'bright', '0.mp4'), join(data, 'dark', '0.mp4'));
  const replaced = await train(data, 'once-run', '--steps', '2');
  expect(replaced.stderr).toMatch(
    /holds a run with other settings .*the videos to (learn from|validate with)/,
  );
});

it('starts without a look at the videos, and ends at the one that is broken; other settings may follow', async () => {
  const data = await clipsOf('unchecked');
  for (const name of ['0', '1', '2', '3']) {
    await writeFile(join(data, 'dark', `${name}.mp4`), 'no video');
  }
  const { code, stderr } = await train(data, 'unchecked-run', '--unchecked', '--epochs', '1');
  expect(code).toBe(1);
  expect(stderr).not.toContain('open each video');
  expect(stderr).toMatch(/^trecvit: .*dark.\d\.mp4 is no video that can be decoded/m);
  const whole = await train(files.clips, 'unchecked-run', '--steps', '1');
  expect(whole.code).toBe(0);
});

it('leaves out a video that cannot be read where it is told to, and names it', async () => {
  const data = await clipsOf('broken');
  const video = join(data, 'bright', '2.mp4');
  await writeFile(video, 'no video');
  const flags = ['--validate', files.clips, '--steps', '1', '--skip-broken'];
  const { code, stderr } = await train(data, 'broken-run', ...flags);
  expect(code).toBe(0);
  expect(stderr).toContain(`left out: ${video} is no video that can be decoded`);
  expect(stderr).toMatch(/^7 videos of 2 classes: bright, dark\n8 others to validate with$/m);
});

it('computes layers a second time with --remat, and learns the same', async () => {
  const engine = tf.engine();
  const { runKernel } = engine;
  const outcome = async (out: string, ...flags: readonly string[]) => {
    let calls = 0;
    engine.runKernel = ((...args: Parameters<typeof runKernel>) => {
      calls++;
      return runKernel.apply(engine, args);
    }) as typeof runKernel;
    try {
      const args = ['--steps', '3', '--learning-rate', '0.01'];
      expect((await train(files.clips, out, ...args, ...flags)).code).toBe(0);
    } finally {
      engine.runKernel = runKernel;
    }
    const lines = await readFile(join(files.folder, out, 'metrics.jsonl'), 'utf8');
    const losses = lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).loss as number);
    return { calls, losses };
  };
  const [kept, again] = [await outcome('kept-run'), await outcome('again-run', '--remat')];
  expect(again.calls).toBeGreaterThan(kept.calls);
  expect(kept.losses.length).toBeGreaterThan(3);
  for (const [index, loss] of kept.losses.entries()) {
    expect(again.losses[index]).toBeCloseTo(loss, 5);
  }
});

it('trains the head alone where the body is frozen', async () => {
  const [frozen, free] = ['frozen-run', 'free-run'];
  expect((await train(files.clips, frozen, '--steps', '2', '--freeze-body')).code).toBe(0);
  expect((await train(files.clips, free, '--steps', '2')).code).toBe(0);
  const read = async (folder: string) =>
    (await readSafetensors(join(folder, 'model.safetensors'))).tensors;
  const before = await read(files.model);
  const changed = async (out: string) => {
    const after = await read(join(files.folder, out, 'model'));
    return Object.keys(before).filter(
      (name) => !name.startsWith('decoder/') && !isEqual(after[name], before[name]),
    );
  };
  expect(await changed(frozen)).toEqual([]);
  expect(await changed(free)).toContain('tokenizer/embedding/kernel');
  const head = await read(join(files.folder, frozen, 'model'));
  const [bias] = Object.keys(head).filter((name) => /^decoder\/.*bias$/.test(name));
  expect(head[bias as string]?.data.some((value) => value !== 0)).toBe(true);
});

const isEqual = (a: NamedArray | undefined, b: NamedArray | undefined): boolean =>
  JSON.stringify(a && Array.from(a.data as Float32Array)) ===
  JSON.stringify(b && Array.from(b.data as Float32Array));
