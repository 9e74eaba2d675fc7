import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runsInBrowser } from '@neverend/backend/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeVideo } from '../../src/node/index.ts';
import { clipPath, itWithClips } from '../clips.ts';
import { encodeVideo } from '../node/encode-video.ts';
import { fit, type Seen } from './fixtures/report.ts';
import { openSite, type Site } from './site.ts';

const options = { count: 8, framesPerSecond: 10 };
const [columns, rows, length] = [320, 240, 50];

/** The pictures of a real clip as a file that Chromium's fake camera plays again and again. */
async function filmOf(path: string): Promise<string> {
  const film = join(path, 'camera.mjpeg');
  const pictures: { at: number; bytes: Uint8Array }[] = [];
  const size = { imageSize: [rows, columns], crop: 'squeeze' } as const;
  for await (const { pixels } of decodeVideo(clipPath('cup.mp4'), { fit: size })) {
    pictures.push({ at: 40 * pictures.length, bytes: yuv(pixels) });
    if (pictures.length === length) break;
  }
  const settings = { encoder: 'mjpeg', pixelFormat: 'yuvj420p', options: { qscale: '2' } };
  await encodeVideo(film, pictures, { columns, rows, ...settings });
  return film;
}

/** RGB as planes of the range of video, for which Chromium's fake camera takes all of them, with one chroma for four pixels. */
function yuv(pixels: Uint8Array): Uint8Array {
  const count = rows * columns;
  const planes = new Uint8Array(count * 1.5);
  for (let at = 0; at < count; at++) {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(3 * at, 3 * at + 3);
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    planes[at] = 16 + (luma * 219) / 255;
    const [row, column] = [Math.floor(at / columns), at % columns];
    const chroma = count + ((row >> 1) * columns) / 2 + (column >> 1);
    planes[chroma] = 128 + ((blue - luma) / 1.772) * (224 / 255);
    planes[chroma + count / 4] = 128 + ((red - luma) / 1.402) * (224 / 255);
  }
  return planes;
}

const modern: readonly string[] = [];
const withoutBoth = ['MediaStreamTrackProcessor', 'VideoFrame', 'VideoDecoder'];

describe.runIf(runsInBrowser())('a camera', () => {
  let folder: string;
  let site: Site;
  let expected: (readonly number[])[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neverend-camera-'));
    const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
    try {
      const film = await filmOf(folder);
      for await (const { pixels } of decodeVideo(clipPath('cup.mp4'), { fit })) {
        expected.push([...pixels]);
        if (expected.length === length) break;
      }
      fake.push(`--use-file-for-fake-video-capture=${film}`);
    } catch {
      // Without the clips Chromium shows a pattern of its own, and the tests that look at it are skipped.
      expected = [];
    }
    site = await openSite([], fake);
  }, 300_000);

  afterAll(async () => {
    await site?.close();
    await rm(folder, { recursive: true });
  });

  /** Each picture is one of the film's. */
  function expectFilm({ pictures, error }: Seen): void {
    expect(error).toBeUndefined();
    expect(pictures.length).toBe(options.count);
    for (const { pixels } of pictures) {
      const errors = expected.map((other) =>
        pixels.reduce((sum, value, at) => sum + Math.abs(value - (other[at] ?? 999)), 0),
      );
      expect(Math.min(...errors) / pixels.length).toBeLessThan(8);
    }
  }

  describe.each(['page', 'worker'] as const)('in a %s', (where) => {
    itWithClips.each([
      ['by a stream of frames', modern],
      ['by a <video> where there is no MediaStreamTrackProcessor', withoutBoth.slice(0, 1)],
      ['by copies where there is no WebCodecs either', withoutBoth],
      [
        'where frames call nobody back',
        [...withoutBoth, 'HTMLVideoElement.prototype.requestVideoFrameCallback'],
      ],
    ])('shows what it films, %s', async (_, remove) => {
      const page = await site.open({ remove });
      expectFilm(await page.ask('camera', where, options));
      await page.close();
    });
  });

  it('that a model cannot follow drops frames, and says how many', async () => {
    const page = await site.open();
    const slow = { count: 5, framesPerSecond: 20, busy: 400 };
    const { pictures, dropped, error } = await page.ask('camera', 'page', slow);
    expect(error).toBeUndefined();
    expect(dropped).toBeGreaterThan(5);
    // What it sees keeps up: without a drop the first and the last would be 0.2 seconds apart. On a busy machine Chromium's camera is late itself.
    const [first, last] = [pictures[0]?.seconds ?? 0, pictures.at(-1)?.seconds ?? 0];
    expect(last - first).toBeGreaterThan(0.3);
    await page.close();
  });

  it('that is unplugged is an error that says so', async () => {
    const page = await site.open();
    const forever = { ...options, count: 10_000 };
    const { error, pictures } = await page.ask('camera', 'page', forever, 'unplug');
    expect(pictures.length).toBeGreaterThan(0);
    expect(error).toEqual({
      name: 'CameraError',
      code: 'NEVEREND_CAMERA_UNPLUGGED',
      message: 'the camera was unplugged or taken away',
    });
    await page.close();
  });

  it('leaves no frame that was not closed', () => {
    expect(site.complaints).toEqual([]);
  });

  it('is not given to a page that came by plain http', async () => {
    const page = await site.open({ host: 'page.test' });
    const { error } = await page.ask('camera', 'page', options);
    expect(error).toMatchObject({ name: 'CameraError', code: 'NEVEREND_CAMERA_INSECURE' });
    await page.close();
  });

  it.each([
    ['NotAllowedError', 'NEVEREND_CAMERA_REFUSED'],
    ['NotFoundError', 'NEVEREND_CAMERA_MISSING'],
    ['OverconstrainedError', 'NEVEREND_CAMERA_MISSING'],
    ['NotReadableError', 'NEVEREND_CAMERA_BUSY'],
    ['AbortError', 'NEVEREND_CAMERA_BUSY'],
  ])('for which the browser says %s is %s', async (name, code) => {
    const page = await site.open({ refuse: name });
    const { error } = await page.ask('camera', 'page', options);
    expect(error).toMatchObject({ name: 'CameraError', code });
    expect(error?.message).toMatch(/camera/);
    await page.close();
  });
});

it.runIf(runsInBrowser()).each([
  ['NEVEREND_CAMERA_MISSING', ['--use-fake-ui-for-media-stream']],
  ['NEVEREND_CAMERA_REFUSED', ['--use-fake-device-for-media-stream', '--deny-permission-prompts']],
])('a browser itself says %s', async (code, args) => {
  const site = await openSite([], args);
  try {
    const page = await site.open();
    const { error } = await page.ask('camera', 'page', options);
    expect(error).toMatchObject({ name: 'CameraError', code });
  } finally {
    await site.close();
  }
});
