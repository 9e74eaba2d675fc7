import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeVideo, readClip, videoInfo } from '../../src/node/index.ts';
import { VideoError } from '../../src/video/index.ts';
import { type EncodeOptions, encodeImage, encodeVideo } from './encode-video.ts';

const size = { columns: 32, rows: 32 };
const videos: Readonly<Record<string, EncodeOptions>> = {
  'h264.mp4': { ...size, encoder: 'libx264' },
  'vp9.webm': { ...size, encoder: 'libvpx-vp9' },
  'mpeg4.avi': { ...size, encoder: 'mpeg4' },
  'h265.mkv': { ...size, encoder: 'libx265' },
  'jpegs.mov': { ...size, encoder: 'mjpeg', pixelFormat: 'yuvj420p' },
  'colours.gif': { ...size, encoder: 'gif', pixelFormat: 'rgb8' },
};
const images: Readonly<Record<string, EncodeOptions>> = {
  'image.png': { ...size, encoder: 'png' },
  'image.jpg': { ...size, encoder: 'mjpeg', pixelFormat: 'yuvj444p' },
  'image.bmp': { ...size, encoder: 'bmp', pixelFormat: 'bgr24' },
  'image.tiff': { ...size, encoder: 'tiff' },
  'image.webp': { ...size, encoder: 'libwebp', pixelFormat: 'yuv420p' },
};
const names = [...Object.keys(videos), ...Object.keys(images)];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neverend-hostile-'));
  let state = 1;
  const noise = (length: number) =>
    Uint8Array.from({ length }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
  const bytes: Record<string, number> = { rgb8: 1, yuv420p: 1.5, yuvj420p: 1.5 };
  const make = (form = 'rgb24') => noise(1024 * (bytes[form] ?? 3));
  for (const [name, settings] of Object.entries(videos)) {
    const { pixelFormat = 'yuv420p' } = settings;
    const pictures = [0, 40, 80, 120, 160].map((at) => ({ at, bytes: make(pixelFormat) }));
    await encodeVideo(join(folder, name), pictures, settings);
  }
  for (const [name, settings] of Object.entries(images)) {
    await encodeImage(join(folder, name), make(settings.pixelFormat), settings);
  }
});
afterAll(() => rm(folder, { recursive: true }));

/** The number of pictures, or the error, which must be the one kind that there is. */
async function outcome(path: string, options = {}): Promise<number | Error> {
  let count = 0;
  try {
    for await (const { rows, columns, pixels } of decodeVideo(path, options)) {
      expect(pixels.length).toBe(rows * columns * 3);
      count += 1;
      // A file may claim that its pictures lie hours apart.
      if (count === 500) break;
    }
    return count;
  } catch (error) {
    if (!VideoError.isInstance(error)) throw error;
    expect(error.message).not.toMatch(/\n/);
    expect(error.message).toContain(path);
    return error;
  }
}

const fit = { imageSize: [8, 8], crop: 'centre' } as const;
const isWindows = process.platform === 'win32';
const longer = process.env['NEVEREND_LONG'] === '1';

describe.each(names)('%s', (name) => {
  const runs = { numRuns: longer ? 1000 : 25 };

  it('is whole, and cut anywhere gives pictures or one error', async () => {
    const bytes = await readFile(join(folder, name));
    expect(await outcome(join(folder, name))).toBe(name.startsWith('image') ? 1 : 5);
    const path = join(folder, `cut-${name}`);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: bytes.length - 1 }), async (length) => {
        await writeFile(path, bytes.subarray(0, length));
        expect(await outcome(path)).not.toBe(0);
      }),
      runs,
    );
  });

  it('with any bytes changed gives pictures or one error, also as a clip at a steady rate', async () => {
    const bytes = await readFile(join(folder, name));
    const path = join(folder, `changed-${name}`);
    // Half of the changes are among the first bytes, where sizes are.
    const place = fc.oneof(fc.nat({ max: 400 }), fc.nat({ max: bytes.length - 1 }));
    const change = fc.tuple(place, fc.nat({ max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 20 }), async (changes) => {
        const changed = Uint8Array.from(bytes);
        for (const [at, value] of changes) changed[at] = value;
        await writeFile(path, changed);
        await outcome(path, { fit, framesPerSecond: 12.5 });
        const failed = (error: unknown) => {
          expect(VideoError.isInstance(error)).toBe(true);
          expect(String(error)).toContain(path);
        };
        await videoInfo(path).catch(failed);
        const clip = { frames: 3, framesPerSecond: 12.5, place: 0.7, shortSide: 8 };
        await readClip(path, clip).catch(failed);
      }),
      runs,
    );
  });
});

it('random bytes under any name are no video', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 3000 }),
      fc.constantFrom('mp4', 'webm', 'avi', 'png', 'jpg', 'gif', 'txt'),
      async (bytes, extension) => {
        const path = join(folder, `random.${extension}`);
        await writeFile(path, bytes);
        expect(await outcome(path)).toBeInstanceOf(Error);
      },
    ),
    { numRuns: 60 },
  );
});

describe('is refused in a sentence:', () => {
  const refused = async (path: string) => {
    const result = await outcome(path);
    return result instanceof Error ? result.message.replace(`${folder}/`, '') : result;
  };

  it('what is not there, is empty, or is a folder without images', async () => {
    await writeFile(join(folder, 'empty.mp4'), '');
    await mkdir(join(folder, 'empty'));
    expect(await refused(join(folder, 'absent.mp4'))).toBe('absent.mp4 does not exist');
    expect(await refused(join(folder, 'empty.mp4'))).toBe('empty.mp4 is empty');
    expect(await refused(join(folder, 'empty'))).toBe(
      'empty has no images (png, jpg, webp, bmp, tiff)',
    );
    if (!isWindows) {
      expect(await refused('/dev/zero')).toBe('/dev/zero is neither a file nor a folder');
    }
  });

  it('a playlist, which would have other files and addresses opened', async () => {
    const other = join(folder, 'vp9.webm');
    await writeFile(join(folder, 'list.mp4'), `ffconcat version 1.0\nfile '${other}'\n`);
    await writeFile(
      join(folder, 'list.m3u8'),
      `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nfile://${other}\n#EXT-X-ENDLIST\n`,
    );
    for (const name of ['list.mp4', 'list.m3u8']) {
      expect(await refused(join(folder, name))).toMatch(/^list.* is no video that can be decoded/);
    }
  });

  it('a picture that claims to be enormous', async () => {
    const png = await readFile(join(folder, 'image.png'));
    png.writeUInt32BE(60_000, 16);
    png.writeUInt32BE(60_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    await writeFile(join(folder, 'huge.png'), png);
    expect(await refused(join(folder, 'huge.png'))).toMatch(/^huge.png is damaged or too large: /);
    const avi = await readFile(join(folder, 'mpeg4.avi'));
    const header = avi.indexOf('strf') + 8;
    avi.writeInt32LE(60_000, header + 4);
    avi.writeInt32LE(60_000, header + 8);
    await writeFile(join(folder, 'huge.avi'), avi);
    expect(await refused(join(folder, 'huge.avi'))).toBe(
      'huge.avi says that its pictures have 60000 x 60000 pixels; at most 67108864 can be decoded',
    );
  });
});

it('a name that FFmpeg would take for an address or a pattern is a name', async () => {
  const bytes = await readFile(join(folder, 'vp9.webm'));
  const image = await readFile(join(folder, 'image.png'));
  const odd = ['http:x.webm', 'concat:a|b.webm', '%03d.webm', 'é ü.webm'];
  for (const name of isWindows ? odd.slice(2) : odd) {
    await writeFile(join(folder, name), bytes);
    expect(await outcome(join(folder, name))).toBe(5);
  }
  await writeFile(join(folder, '%03d.png'), image);
  expect(await outcome(join(folder, '%03d.png'))).toBe(1);
});
