import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CheckpointError, encodeSafetensors, type NamedArray } from '../src/index.ts';
import { readSafetensors, writeSafetensors } from '../src/node.ts';

const tensors: Record<string, NamedArray> = {
  kernel: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(1, -2) },
};

let folder: string;

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => fs.rm(folder, { recursive: true }));

it('writes a file and reads it back', async () => {
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, tensors, { step: '7' });
  expect(await readSafetensors(path)).toEqual({ tensors, metadata: { step: '7' } });
  expect(new Uint8Array(await fs.readFile(path))).toEqual(
    encodeSafetensors(tensors, { step: '7' }),
  );
  expect(await fs.readdir(folder)).toEqual(['model.safetensors']);
});

it('names the file whose content is wrong', async () => {
  const path = join(folder, 'short.safetensors');
  await fs.writeFile(path, 'short');
  await expect(readSafetensors(path)).rejects.toThrow(
    new CheckpointError(`${path}: the file has 5 bytes; a safetensors file has at least 8`),
  );
});

it('gives the error of the file system for a file that does not exist', async () => {
  await expect(readSafetensors(join(folder, 'no'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('leaves an old file alone when the arrays cannot be written', async () => {
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, tensors);
  const wrong: NamedArray = { dtype: 'float32', shape: [3], data: Float32Array.of(1) };
  await expect(writeSafetensors(path, { wrong })).rejects.toThrow(CheckpointError);
  expect((await readSafetensors(path)).tensors).toEqual(tensors);
});
