// In a process of its own: it measures the memory and the open files of all of it.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeVideo } from '../../src/node/index.ts';
import { encodeVideo } from './encode-video.ts';

const [columns, rows, frames] = [640, 480, 130];
let folder: string;
let path: string;
let bytes: Buffer;

/** A video of 5 seconds that does not fit into a probe. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neverend-resources-'));
  path = join(folder, 'long.avi');
  const size = columns * rows * 1.5;
  const pattern = Uint8Array.from({ length: 2 * size }, (_, at) => (at * (at >> 9)) >> 4);
  const pictures = Array.from({ length: frames }, (_, index) => ({
    at: 40 * index,
    bytes: pattern.subarray(777 * index, 777 * index + size),
  }));
  const options = { qscale: '2' };
  await encodeVideo(path, pictures, {
    columns,
    rows,
    encoder: 'mjpeg',
    pixelFormat: 'yuvj420p',
    options,
  });
  bytes = await readFile(path);
});
afterAll(() => rm(folder, { recursive: true }));

/** Memory of this process in MiB. */
const memory = () => process.memoryUsage.rss() / 2 ** 20;

async function openFiles(): Promise<number | undefined> {
  const files = await readdir('/proc/self/fd').catch(() => undefined);
  return files?.length;
}

async function* pieces(count: { read: number }): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 4096) {
    count.read = start;
    yield bytes.subarray(start, start + 4096);
  }
}

it('is decoded as it is asked for, in the same memory at its end as after its beginning', async () => {
  let early = 0;
  let count = 0;
  for await (const { seconds } of decodeVideo(path)) {
    if (count === 30) early = memory();
    expect(seconds).toBeCloseTo(count * 0.04, 3);
    count += 1;
  }
  expect(count).toBe(frames);
  // One picture has 0.9 MiB, all of them 114.
  expect(memory() - early).toBeLessThan(60);
});

it('left after the first picture, gives back its files and its memory', async () => {
  const leave = async () => {
    for await (const { rows: found } of decodeVideo(path)) {
      expect(found).toBe(rows);
      break;
    }
  };
  for (let time = 0; time < 20; time++) await leave();
  const [before, files] = [memory(), await openFiles()];
  for (let time = 0; time < 60; time++) await leave();
  // A context of the codec alone has some MiB.
  expect(memory() - before).toBeLessThan(100);
  expect(await openFiles()).toBe(files);
});

it('a stream is read no further than its pictures are asked for', async () => {
  const count = { read: 0 };
  const pictures = decodeVideo(pieces(count));
  await pictures.next();
  const first = count.read;
  expect(first).toBeLessThan(bytes.length / 2);
  await wait(50);
  expect(count.read).toBe(first);
  for (let picture = 0; picture < 70; picture++) await pictures.next();
  const later = count.read;
  expect(later).toBeGreaterThan(bytes.length / 3);
  expect(later).toBeLessThan(bytes.length * 0.9);
  await pictures.return();
  await wait(20);
  expect(count.read).toBe(later);
});

it('a signal ends it, also where it waits for bytes that never come', async () => {
  const controller = new AbortController();
  let isClosed = false;
  let tell = () => {};
  const waits = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const silent = (async function* () {
    try {
      yield bytes.subarray(0, 3000);
      tell();
      await new Promise(() => {});
    } finally {
      isClosed = true;
    }
  })();
  const first = decodeVideo(silent, { signal: controller.signal }).next();
  await waits;
  controller.abort(new Error('enough'));
  await expect(first).rejects.toThrow('enough');
  // It waits for itself, and nobody for it.
  expect(isClosed).toBe(false);

  const second = new AbortController();
  const seen: number[] = [];
  const run = async () => {
    for await (const { seconds } of decodeVideo(path, { signal: second.signal })) {
      seen.push(seconds);
      if (seen.length === 3) second.abort(new Error('again enough'));
    }
  };
  await expect(run()).rejects.toThrow('again enough');
  expect(seen.length).toBe(3);
  await expect(decodeVideo(path, { signal: second.signal }).next()).rejects.toThrow('again enough');
});

it('a stream that fails is the cause of the error', async () => {
  const failing = (async function* () {
    yield bytes.subarray(0, bytes.length / 2);
    throw new Error('the cable was pulled');
  })();
  let count = 0;
  const run = async () => {
    for await (const _ of decodeVideo(failing)) count += 1;
  };
  const error = await run().catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    message: `the stream could not be read after ${count} pictures`,
    cause: { message: 'the cable was pulled' },
  });
  expect(count).toBeGreaterThan(50);
});

it('an option that cannot be is named', async () => {
  const next = (options: object) => decodeVideo(path, options).next();
  await expect(next({ form: 1 })).rejects.toThrow('decodeVideo has no option "form"');
  await expect(next({ from: -1 })).rejects.toThrow('from was -1');
  await expect(next({ threads: 0 })).rejects.toThrow('threads was 0');
  await expect(next({ framesPerSecond: 0 })).rejects.toThrow('framesPerSecond was 0');
  await expect(next({ imagesPerSecond: 0 })).rejects.toThrow('imagesPerSecond was 0');
  await expect(next({ fit: { imageSize: [2], crop: 'centre' } })).rejects.toThrow(
    'fit.imageSize[1] was not given',
  );
  await expect(next({ fit: { imageSize: [2, 2], crop: 'center' } })).rejects.toThrow(
    'fit.crop was "center"; it must be "centre" or "squeeze"',
  );
});
