import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { bundleForNode } from '@neverend/backend/testing/op-cases';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DecodingPool, readClip } from '../../src/node/index.ts';
import { VideoError } from '../../src/video/index.ts';
import { encodeVideo } from './encode-video.ts';

const program = await bundleForNode(new URL('fixtures/pool-program.ts', import.meta.url));
const size = { columns: 64, rows: 48 };
const frameBytes = (64 * 48 * 3) / 2;
let folder: string;
/** Of two threads, for the tests that leave it as it is. */
let shared: DecodingPool;
const video = (index: number) => join(folder, `${index}.mp4`);

/** Videos of one grey each. */
beforeAll(async () => {
  shared = new DecodingPool({ threads: 2 });
  folder = await mkdtemp(join(tmpdir(), 'neverend-pool-'));
  for (let index = 0; index < 4; index++) {
    const bytes = new Uint8Array(frameBytes).fill(128).fill(40 * (index + 1), 0, 64 * 48);
    const pictures = Array.from({ length: 10 }, (_, frame) => ({ at: 40 * frame, bytes }));
    await encodeVideo(video(index), pictures, size);
  }
  await writeFile(join(folder, 'text.mp4'), 'no video');
});
afterAll(async () => {
  await shared.dispose();
  await rm(folder, { recursive: true });
});

const options = { frames: 4, framesPerSecond: 12.5, shortSide: 24 };

it('each caller gets the clip that was asked for, as reading it here gives it', async () => {
  const wanted = [0, 1, 2, 3, 2, 1, 0];
  const clips = await Promise.all(wanted.map((index) => shared.readClip(video(index), options)));
  for (const [place, index] of wanted.entries()) {
    expect(clips[place]).toEqual(await readClip(video(index), options));
  }
});

it('what is wrong is said as reading says it, and the others go on', async () => {
  const [text, absent, right] = await Promise.allSettled([
    shared.readClip(join(folder, 'text.mp4'), options),
    shared.readClip(join(folder, 'absent.mp4'), options),
    shared.readClip(video(1), options),
  ]);
  const errors = [text, absent].map((result) => (result as PromiseRejectedResult).reason as Error);
  expect(errors.map(VideoError.isInstance)).toEqual([true, true]);
  expect(errors[0]?.message).toMatch(/text\.mp4 is no video that can be decoded/);
  expect(errors[1]?.message).toMatch(/absent\.mp4 does not exist/);
  expect(right).toMatchObject({ status: 'fulfilled', value: { frames: 4 } });
  const none = { ...options, frames: 0 };
  await expect(shared.readClip(video(0), none)).rejects.toThrow('frames was 0');
  expect(() => new DecodingPool({ threads: 0 })).toThrow('threads was 0');
  expect(() => new DecodingPool({ workers: 1 } as object)).toThrow('no option "workers"');
});

it('a clip that is not wanted any more is not waited for', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const clips = Array.from({ length: 6 }, () => shared.readClip(video(0), { ...options, signal }));
  const right = shared.readClip(video(3), options);
  controller.abort(new Error('enough'));
  for (const clip of await Promise.allSettled(clips)) {
    expect(clip).toMatchObject({ status: 'rejected', reason: { message: 'enough' } });
  }
  expect(await right).toEqual(await readClip(video(3), options));
  await expect(shared.readClip(video(0), { ...options, signal })).rejects.toThrow('enough');
});

it('a thread that breaks is one error, and the next clip has another thread', async () => {
  const pool = new DecodingPool({ threads: 1 });
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve));
  const broken = pool.readClip(video(0), options);
  const waiting = pool.readClip(video(1), options);
  await (await started).terminate();
  await expect(broken).rejects.toThrow(/^the thread that decoded .*0\.mp4 broke: it ended$/);
  expect(await waiting).toEqual(await readClip(video(1), options));
  await pool.dispose();
});

it('a pool that is disposed refuses what it has not read, and its threads end', async () => {
  const pool = new DecodingPool({ threads: 1 });
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve));
  const clips = [0, 1, 2].map((index) => pool.readClip(video(index), options));
  const results = Promise.allSettled(clips);
  const ended = new Promise((resolve) => started.then((worker) => worker.once('exit', resolve)));
  await pool.dispose();
  for (const clip of await results) {
    expect(clip).toMatchObject({ reason: { message: 'the decoding pool was disposed' } });
  }
  expect(await ended).toBe(0);
  await expect(pool.readClip(video(0), options)).rejects.toThrow('was disposed');
});

it.each(['dispose', 'forget'])('a program that is to %s its pool ends by itself', async (then) => {
  const run = promisify(execFile);
  const { stdout, stderr } = await run(process.execPath, [program, video(0), then]);
  expect({ stdout, stderr }).toEqual({ stdout: '48\n', stderr: '' });
});
