import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { DecodingPool } from '../../../src/node/index.ts';
import { fingerprintOf } from '../../../src/training/data/fingerprint.ts';
import {
  readClassFolders,
  readVideoTable,
  splitVideos,
  videoFiles,
} from '../../../src/training/index.ts';

let folder: string;
// One for all tests, as threads take their time to start.
const pool = new DecodingPool({ threads: 1 });
afterAll(() => pool.dispose());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trecvit-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A video of 16 x 16 grey pixels without compression, whose n-th frame has the brightness 20 + 10 n. */
async function writeVideo(path: string, frames: number, framesPerSecond: number): Promise<void> {
  const parts = [Buffer.from(`YUV4MPEG2 W16 H16 F${framesPerSecond}:1 Ip A1:1 C444\n`)];
  for (let frame = 0; frame < frames; frame++) {
    parts.push(Buffer.from('FRAME\n'), Buffer.alloc(256, 20 + 10 * frame), Buffer.alloc(512, 128));
  }
  await writeFile(path, Buffer.concat(parts));
}

async function writeClasses(): Promise<void> {
  for (const label of ['wave', 'nod']) {
    await mkdir(join(folder, label));
    for (let video = 1; video <= 10; video++) {
      await writeVideo(join(folder, label, `clip ${video}.y4m`), 20, 10);
    }
  }
  await writeFile(join(folder, '.DS_Store'), 'hidden');
  await writeFile(join(folder, 'wave', '.DS_Store'), 'hidden');
}

it('finds the videos of class folders in the order of their names', async () => {
  await writeClasses();
  const entries = await readClassFolders(folder);
  expect(entries).toHaveLength(20);
  expect(entries.map(({ label }) => label)).toEqual([
    ...Array(10).fill('nod'),
    ...Array(10).fill('wave'),
  ]);
  expect(entries[1]?.path).toBe(join(folder, 'nod', 'clip 2.y4m'));
  expect(entries[19]?.path).toBe(join(folder, 'wave', 'clip 10.y4m'));
});

it('cuts clips by time out of the files', async () => {
  await writeClasses();
  const source = await videoFiles(await readClassFolders(folder), pool);
  expect(source.classNames).toEqual(['nod', 'wave']);
  expect(source.labels).toEqual([...Array(10).fill(0), ...Array(10).fill(1)]);
  // 2 seconds at 10 frames a second: at 5 frames a second every second one, the last clip from 1.2 seconds on.
  const clip = await source.clip(3, { frames: 4, framesPerSecond: 5, place: 1 });
  expect(clip).toMatchObject({ frames: 4, rows: 16, columns: 16 });
  const greys = [12, 14, 16, 18].map((frame) => ((20 + 10 * frame - 16) * 255) / 219);
  for (const [frame, grey] of greys.entries()) {
    expect(Math.abs((clip.pixels[frame * 768 + 99] as number) - grey)).toBeLessThan(2);
  }
});

it('names what cannot be read in one error, or leaves it out and says so', async () => {
  await writeClasses();
  const [empty, text] = [join(folder, 'nod', 'clip 3.y4m'), join(folder, 'wave', 'clip 5.y4m')];
  await writeFile(empty, '');
  await writeFile(text, 'no video at all');
  const entries = await readClassFolders(folder);
  await expect(videoFiles(entries, pool)).rejects.toThrow(
    `2 of 20 videos cannot be read: ${empty} is empty; ${text} is no video that can be decoded`,
  );
  const warnings: string[] = [];
  const source = await videoFiles(entries, pool, {
    broken: 'skip',
    onWarning: (sentence) => warnings.push(sentence),
  });
  expect(source.labels).toHaveLength(18);
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toBe(`left out: ${empty} is empty`);
  const unchecked = await videoFiles(entries, pool, { broken: 'unchecked' });
  expect(unchecked.labels).toHaveLength(20);
  const late = unchecked.clip(2, { frames: 1, framesPerSecond: 1, place: 0 });
  await expect(late).rejects.toThrow(`${empty} is empty`);
});

it('opens videos once where a file keeps what it found', async () => {
  await writeClasses();
  const broken = join(folder, 'nod', 'clip 3.y4m');
  await writeFile(broken, 'no video at all');
  const entries = await readClassFolders(folder);
  const told: string[] = [];
  const options = {
    ...{ checkedFile: join(folder, 'checked.json'), broken: 'skip' } as const,
    onProgress: (done: number, total: number) => told.push(`${done} of ${total}`),
  };
  const first = await videoFiles(entries, pool, options);
  expect(told).toEqual(Array.from({ length: 21 }, (_, done) => `${done} of 20`));
  told.length = 0;
  const again = await videoFiles(entries, pool, options);
  const unchecked = await videoFiles(entries, pool, { ...options, broken: 'unchecked' });
  for (const source of [again, unchecked]) {
    expect(source).toMatchObject({ labels: first.labels, fingerprint: first.fingerprint });
  }
  await expect(videoFiles(entries, pool, { ...options, broken: 'refuse' })).rejects.toThrow(broken);
  expect(told).toEqual([]);
  // Another size is another video.
  await writeFile(broken, 'no video');
  await videoFiles(entries, pool, options);
  expect(told.at(-1)).toBe('20 of 20');
});

it('refuses a class of which nothing can be read, and labels that are no classes', async () => {
  await writeVideo(join(folder, 'a.y4m'), 2, 5);
  const good = { path: join(folder, 'a.y4m'), label: 'a' };
  const bad = { path: join(folder, 'b.y4m'), label: 'b' };
  await expect(videoFiles([good, bad], pool, { broken: 'skip' })).rejects.toThrow(
    'no video of the class b can be read',
  );
  await expect(videoFiles([good], pool, { classNames: ['x', 'y'] })).rejects.toThrow(
    'videos have the labels a, which are no classes; the classes are x, y',
  );
});

it('has the same fingerprint wherever the videos lie, and another for others', async () => {
  const [here, there] = [join(folder, 'here'), join(folder, 'there')];
  for (const place of [here, there]) {
    await mkdir(place);
    await writeVideo(join(place, 'a.y4m'), 3, 5);
  }
  const of = async (place: string) =>
    (await videoFiles([{ path: join(place, 'a.y4m'), label: 'a' }], pool)).fingerprint;
  expect(await of(there)).toBe(await of(here));
  await writeVideo(join(there, 'a.y4m'), 4, 5);
  expect(await of(there)).not.toBe(await of(here));
});

it('has another fingerprint where a file, or an image of a folder, has other bytes', async () => {
  const fingerprint = (path: string) => fingerprintOf([{ path, label: 'a' }]);
  const file = join(folder, 'long');
  const bytes = new Uint8Array(50_000);
  await writeFile(file, bytes);
  const found = [await fingerprint(file)];
  for (const at of [0, 25_000, 49_999]) {
    await writeFile(file, bytes.with(at, 1));
    found.push(await fingerprint(file));
  }
  const images = join(folder, 'images');
  await mkdir(images);
  for (const [name, text] of [['1.png', 'a'], ['1.png', 'b'], ['2.png', 'b']] as const) {
    await writeFile(join(images, name), text);
    found.push(await fingerprint(images));
  }
  expect(new Set(found).size).toBe(7);
  expect(await fingerprint(images)).toBe(found.at(-1));
});

it.each([
  ['a header', 'label,split,path\nwave,train,w/1.mp4\n"nod, twice",train,/n/2.mp4\n'],
  ['other names', 'File,Class\nw/1.mp4,wave\n/n/2.mp4,"nod, twice"\n'],
  ['none', '\uFEFFw/1.mp4,wave\n\n/n/2.mp4 , "nod, twice"\r\n'],
])('reads a table with %s', async (_, text) => {
  const path = join(folder, 'list.csv');
  await writeFile(path, text);
  expect(await readVideoTable(path)).toEqual([
    { path: join(folder, 'w', '1.mp4'), label: 'wave' },
    { path: '/n/2.mp4', label: 'nod, twice' },
  ]);
});

it.each([
  ['a.mp4,wave\nb.mp4\n', 'line 2 of'],
  ['a.mp4,wave,extra\n', 'line 1 of'],
  ['path,label\na.mp4,\n', 'line 2 of'],
  ['path,label\n', 'names no videos'],
  ['a.mp4,"wave\n', 'is no CSV file'],
])('refuses the table %j', async (text, message) => {
  const path = join(folder, 'list.csv');
  await writeFile(path, text);
  await expect(readVideoTable(path)).rejects.toThrow(message);
  await expect(readVideoTable(path)).rejects.toThrow(path);
});

it('refuses a folder without class folders, and an empty class', async () => {
  await expect(readClassFolders(folder)).rejects.toThrow(`${folder} has no folders`);
  await mkdir(join(folder, 'wave'));
  await expect(readClassFolders(folder)).rejects.toThrow(`${join(folder, 'wave')} is empty`);
});

it('splits each class by its share, by video, as the seed has it', () => {
  const entries = [
    ...Array.from({ length: 20 }, (_, video) => ({ path: `a/${video}`, label: 'a' })),
    ...Array.from({ length: 5 }, (_, video) => ({ path: `b/${video}`, label: 'b' })),
    { path: 'c/only', label: 'c' },
    { path: 'a/3', label: 'a' },
  ];
  const { train, validate } = splitVideos(entries, { share: 0.2, seed: 3 });
  const count = (list: typeof entries, label: string) =>
    new Set(list.filter((entry) => entry.label === label).map(({ path }) => path)).size;
  expect(['a', 'b', 'c'].map((label) => count(validate, label))).toEqual([4, 1, 0]);
  expect(['a', 'b', 'c'].map((label) => count(train, label))).toEqual([16, 4, 1]);
  const paths = new Set(train.map(({ path }) => path));
  expect(validate.filter(({ path }) => paths.has(path))).toEqual([]);
  expect(train.length + validate.length).toBe(entries.length);
  expect(splitVideos([...entries].reverse(), { share: 0.2, seed: 3 }).validate.reverse()).toEqual(
    validate,
  );
  expect(splitVideos(entries, { share: 0.2, seed: 4 }).validate).not.toEqual(validate);
});
