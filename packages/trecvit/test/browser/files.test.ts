import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runsInBrowser } from '@neverend/backend/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeVideo } from '../../src/node/index.ts';
import { clipPath, itWithClips } from '../clips.ts';
import { encodeVideo } from '../node/encode-video.ts';
import { fit, type SeenPicture } from './fixtures/report.ts';
import { openSite, type Site } from './site.ts';

const framesPerSecond = 10;
const [columns, rows] = [96, 64];

/** Four quarters of other greys and a bar that moves; planes of YUV with some colour. */
function frame(index: number): Uint8Array {
  const luma = Array.from({ length: columns * rows }, (_, pixel) => {
    const [x, y] = [pixel % columns, Math.floor(pixel / columns)];
    if (Math.abs(x - 20 - 4 * index) < 6) return 220;
    return (x < columns / 2 ? 50 : 110) + (y < rows / 2 ? 0 : 60);
  });
  const quarter = (columns * rows) / 4;
  return Uint8Array.from([...luma, ...Array(quarter).fill(100), ...Array(quarter).fill(150)]);
}

const times = Array.from({ length: 12 }, (_, index) => 100 * index);
const variable = [0, 100, 300, 400, 700, 1000];

describe.runIf(runsInBrowser())('a file in a browser', () => {
  let folder: string;
  let site: Site;
  const paths: Record<string, string> = {};

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neverend-files-'));
    const make = async (name: string, at: readonly number[], settings: object) => {
      paths[name] = join(folder, name);
      const pictures = at.map((time, index) => ({ at: time, bytes: frame(index) }));
      await encodeVideo(join(folder, name), pictures, { columns, rows, lasting: 100, ...settings });
    };
    const plain = { options: { bf: '0' } };
    await make('h264.mp4', times, plain);
    await make('vp9.webm', times, { encoder: 'libvpx-vp9' });
    await make('vp8.webm', times, { encoder: 'libvpx' });
    await make('variable.mp4', variable, plain);
    await make('turned.mp4', times, { ...plain, matrix: [0, 1, -1, 0] });
    await make('wide.mp4', times, { ...plain, aspect: [2, 1] });
    await make('mpeg4.avi', times, { encoder: 'mpeg4' });
    const luma = times.map((at, index) => ({
      at,
      bytes: frame(index).subarray(0, columns * rows),
    }));
    const grey = { columns, rows, lasting: 100, pixelFormat: 'gray', options: { bf: '0' } };
    paths['grey.mp4'] = join(folder, 'grey.mp4');
    await encodeVideo(paths['grey.mp4'], luma, grey);
    // Three planes of full size, cut to odd ones.
    const odd = { columns: 95, rows: 63, lasting: 100, pixelFormat: 'yuv444p' };
    const cut = (index: number) =>
      Array.from(
        { length: 95 * 63 },
        (_, at) => frame(index)[Math.floor(at / 95) * columns + (at % 95)] ?? 0,
      );
    const planes = times.map((at, index) => ({
      at,
      bytes: Uint8Array.from([
        ...cut(index),
        ...Array(95 * 63).fill(100),
        ...Array(95 * 63).fill(150),
      ]),
    }));
    paths['odd.webm'] = join(folder, 'odd.webm');
    await encodeVideo(paths['odd.webm'], planes, { ...odd, encoder: 'libvpx-vp9' });
    paths['odd.mp4'] = join(folder, 'odd.mp4');
    await encodeVideo(paths['odd.mp4'], planes, { ...odd, options: { bf: '0' } });
    const add = async (name: string, bytes: Uint8Array | string) => {
      paths[name] = join(folder, name);
      await writeFile(join(folder, name), bytes);
    };
    for (const [name, extension] of [
      ['vp9.webm', 'webm'],
      ['h264.mp4', 'mp4'],
    ] as const) {
      const whole = await readFile(join(folder, name));
      for (const part of [0.3, 0.6, 0.9]) {
        await add(`cut-${part}.${extension}`, whole.subarray(0, whole.length * part));
      }
    }
    await add('text.mp4', 'no video');
    await add('empty.mp4', '');
    try {
      paths['cup.mp4'] = clipPath('cup.mp4');
    } catch {
      // The test that needs it says so.
    }
    site = await openSite(Object.values(paths), []);
  }, 300_000);

  afterAll(async () => {
    await site?.close();
    await rm(folder, { recursive: true });
  });

  /** Browsers smooth in another way, and Chromium guesses other colours for small videos. */
  function expectAlike(found: readonly SeenPicture[], expected: readonly SeenPicture[]): void {
    expect(found.length).toBe(expected.length);
    for (const [index, picture] of found.entries()) {
      expect(picture.seconds).toBeCloseTo(expected[index]?.seconds ?? Number.NaN, 2);
      const errors = picture.pixels.map((v, at) =>
        Math.abs(v - (expected[index]?.pixels[at] ?? 999)),
      );
      expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(6);
    }
  }

  async function inNode(name: string, from?: number): Promise<SeenPicture[]> {
    const options = { fit, framesPerSecond, ...(from === undefined ? {} : { from }) };
    const all: SeenPicture[] = [];
    for await (const picture of decodeVideo(paths[name] as string, options)) {
      all.push({ ...picture, pixels: [...picture.pixels] });
    }
    return all;
  }

  it.each([
    ...['h264.mp4', 'vp9.webm', 'vp8.webm', 'variable.mp4', 'turned.mp4', 'wide.mp4'],
    ...['grey.mp4', 'odd.webm', 'odd.mp4'],
  ])('%s has the pictures that it has in Node', async (name) => {
    const page = await site.open();
    const { pictures, error } = await page.ask('file', `/${name}`, framesPerSecond);
    expect(error).toBeUndefined();
    expectAlike(pictures, await inNode(name));
    await page.close();
  });

  itWithClips('a real clip has them too, from any time on', async () => {
    const page = await site.open();
    const { pictures, error } = await page.ask('file', '/cup.mp4', framesPerSecond, 3);
    expect(error).toBeUndefined();
    expectAlike(pictures, await inNode('cup.mp4', 3));
    await page.close();
  });

  it.each(['h264.mp4', 'turned.mp4', 'variable.mp4'])(
    '%s has them without WebCodecs, by a <video> that is moved',
    async (name) => {
      const page = await site.open({ remove: ['VideoDecoder', 'VideoFrame'] });
      const { pictures, error } = await page.ask('file', `/${name}`, framesPerSecond);
      expect(error).toBeUndefined();
      const expected = await inNode(name);
      // It tells no times but those that were asked for.
      const ticks = expected.map((picture, tick) => ({
        ...picture,
        seconds: tick / framesPerSecond,
      }));
      expectAlike(pictures, ticks);
      await page.close();
    },
  );

  it.each([
    ['text.mp4', /^the file is no video/],
    ['empty.mp4', /^the file is no video/],
    ['mpeg4.avi', /^the file is no video that can be played/],
  ])('%s is one error', async (name, message) => {
    const page = await site.open();
    const { pictures, error } = await page.ask('file', `/${name}`, framesPerSecond);
    expect(pictures).toEqual([]);
    expect(error).toMatchObject({ name: 'VideoError', code: 'NEVEREND_VIDEO' });
    expect(error?.message).toMatch(message);
    await page.close();
  });

  it.each(['webm', 'mp4'])('a %s that was cut has pictures or is one error', async (extension) => {
    const page = await site.open();
    for (const part of [0.3, 0.6, 0.9]) {
      const path = `/cut-${part}.${extension}`;
      const { pictures, error } = await page.ask('file', path, framesPerSecond);
      expect(pictures.length).toBeLessThan(13);
      if (pictures.length === 0) expect(error).toMatchObject({ code: 'NEVEREND_VIDEO' });
    }
    await page.close();
  });

  it.each([
    ['with everything', []],
    ['without WebCodecs', ['VideoDecoder', 'VideoFrame']],
    ['without callbacks of frames', ['HTMLVideoElement.prototype.requestVideoFrameCallback']],
  ])('is played by a <video> at its own speed, %s', async (_, remove) => {
    const page = await site.open({ remove });
    const options = { count: 100, framesPerSecond };
    const { pictures, error } = await page.ask('played', '/h264.mp4', options);
    expect(error).toBeUndefined();
    // 1.2 seconds; a browser in software may miss some.
    expect(pictures.length).toBeGreaterThan(7);
    expect(pictures.length).toBeLessThan(14);
    const expected = await inNode('h264.mp4');
    for (const { pixels } of pictures) {
      const nearest = expected.map((other) =>
        pixels.reduce((sum, v, at) => sum + Math.abs(v - (other.pixels[at] ?? 999)), 0),
      );
      expect(Math.min(...nearest) / pixels.length).toBeLessThan(6);
    }
    await page.close();
  });

  it('that cannot be played is one error', async () => {
    const page = await site.open();
    const { error } = await page.ask('played', '/text.mp4', { count: 1, framesPerSecond });
    expect(error?.message).toMatch(/^the video cannot be played: /);
    await page.close();
  });

  it('leaves no frame that was not closed', () => {
    expect(site.complaints).toEqual([]);
  });
});
