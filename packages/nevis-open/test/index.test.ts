import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as nevisOpen from '../src/index.ts';

const { datasets, describeNevisOpen, loadNevisOpen, splitNames } = nevisOpen;
const root = fileURLToPath(new URL('..', import.meta.url));
const md5 = (data: string | Uint8Array): string => createHash('md5').update(data).digest('hex');

describe.each([...datasets])('%s', (name) => {
  const file = join(root, 'data', `${name}.bin.gz`);

  it('decompresses to the content whose SHA-256 the manifest has', async () => {
    const content = gunzipSync(await readFile(file));
    const { sha256 } = await describeNevisOpen(name);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  });

  it('is compressed without a time, so that it can be made again', async () => {
    expect((await readFile(file)).readUInt32LE(4)).toBe(0);
  });

  it('stays below 6 MB', async () => {
    expect((await stat(file)).size).toBeLessThan(6e6);
  });

  it('has the splits’ sizes, and every class in each of them', async () => {
    const { info, splits } = await loadNevisOpen(name);
    const imageSize = info.shape[0] * info.shape[1] * info.shape[2];
    for (const split of splitNames) {
      const { images, labels } = splits[split];
      expect(labels).toHaveLength(info.splits[split]);
      expect(images).toHaveLength(info.splits[split] * imageSize);
      expect([...new Set(labels)].sort()).toEqual([...info.classNames.keys()]);
    }
  });

  it('has its attribution in NOTICE', async () => {
    const notice = await readFile(join(root, 'NOTICE'), 'utf8');
    const { title, url } = await describeNevisOpen(name);
    expect(notice).toContain(`data/${name}.bin.gz: ${title}`);
    expect(notice).toContain(url);
  });
});

it('has the whole of LandSat: its test split, written as a table, is sat.tst', async () => {
  const { images, labels } = (await loadNevisOpen('landsat')).splits.test;
  const lines = Array.from(labels, (label, at) => {
    const values = images.subarray(36 * at, 36 * at + 36);
    return `${values.join(' ')} ${[1, 2, 3, 4, 5, 7][label]}\n`;
  });
  expect(md5(lines.join(''))).toBe('02c995991fecc864e809b2c4c42cd983');
});

it('has Fashion-MNIST’s first images and labels at the start of train and of test', async () => {
  const { splits, info } = await loadNevisOpen('fashion-mnist');
  const names = (labels: Uint8Array): (string | undefined)[] =>
    Array.from(labels.subarray(0, 5), (label) => info.classNames[label]);
  // The figures of the data set's own tutorials.
  expect(names(splits.train.labels)).toEqual([
    'Ankle boot',
    'T-shirt/top',
    'T-shirt/top',
    'Dress',
    'T-shirt/top',
  ]);
  expect(names(splits.test.labels)).toEqual([
    'Ankle boot',
    'Pullover',
    'Trouser',
    'Trouser',
    'Shirt',
  ]);
});

it('refuses a name that it does not have', async () => {
  await expect(loadNevisOpen('semeion' as 'landsat')).rejects.toThrow(
    new RangeError('name is semeion; it must be one of landsat, fashion-mnist'),
  );
});

describe('a damaged file', () => {
  let copy: string;
  let damaged: typeof nevisOpen;
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'nevis-open-'));
    for (const folder of ['src', 'data']) {
      await cp(join(root, folder), join(copy, folder), { recursive: true });
    }
    damaged = await import(pathToFileURL(join(copy, 'src', 'index.ts')).href);
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  it.each(['changed in its middle', 'cut short', 'replaced by other data', 'absent'])(
    'that is %s is refused, and the error names the file and what mends it',
    async (damage) => {
      const file = join(copy, 'data', 'landsat.bin.gz');
      const content = await readFile(join(root, 'data', 'landsat.bin.gz'));
      const other = await readFile(join(root, 'data', 'fashion-mnist.bin.gz'));
      if (damage === 'absent') await rm(file);
      else if (damage === 'cut short') await writeFile(file, content.subarray(0, -100));
      else if (damage === 'replaced by other data') await writeFile(file, other);
      else await writeFile(file, content.fill(content.readUInt8(40_000) ^ 1, 40_000, 40_001));
      await expect(damaged.loadNevisOpen('landsat')).rejects.toThrow(
        `${file} is absent or damaged; install @neverend/nevis-open again`,
      );
    },
  );
});
