import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CheckpointError,
  encodeSafetensors,
  type NamedArray,
  type SlicedArray,
} from '../src/index.ts';
import { openSafetensorsFile, readSafetensors, writeSafetensors } from '../src/node.ts';
import { collect } from './fixtures/collect.ts';

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
  expect(await readSafetensors(path)).toEqual({
    tensors,
    metadata: { step: '7' },
    unreadable: {},
  });
  const [name = ''] = Object.keys(tensors);
  const { tensors: picked } = await readSafetensors(path, { names: [name] });
  expect(picked).toEqual({ [name]: (tensors as Record<string, unknown>)[name] });
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

// Windows would write the hole.
it.skipIf(process.platform === 'win32')('reads past 4 GiB, whole and in slices', async () => {
  const path = join(folder, 'large.safetensors');
  const size = 5 * 2 ** 30;
  const text = JSON.stringify({
    large: { dtype: 'U8', shape: [size], data_offsets: [0, size] },
    last: { dtype: 'F32', shape: [3], data_offsets: [size, size + 12] },
  });
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(new TextEncoder().encode(text), 8);
  const last = Float32Array.of(1.5, -2, 7);
  // Almost all of it is a hole, which takes no place on the disk.
  const handle = await fs.open(path, 'w');
  await handle.write(head);
  await handle.write(new Uint8Array(last.buffer), 0, 12, head.length + size);
  await handle.close();

  const file = await openSafetensorsFile(path);
  try {
    expect(file.names).toEqual(['large', 'last']);
    expect((await file.read('last')).data).toEqual(last);
    const slices = await collect(file.slices('last', { sliceBytes: 8 }));
    expect(slices.map(({ data }) => [...data])).toEqual([[1.5, -2], [7]]);
    const { value } = await file.slices('large', { sliceBytes: 3 }).next();
    expect(value?.data).toEqual(new Uint8Array(3));
  } finally {
    await file.close();
  }
});

it.skipIf(process.platform === 'win32')('reads what comes through a pipe', async () => {
  const path = join(folder, 'model.safetensors');
  await writeSafetensors(path, tensors);
  const program = `import { readSafetensors } from ${JSON.stringify(new URL('../src/node.ts', import.meta.url).href)};
    console.log(String((await readSafetensors('/dev/stdin')).tensors.kernel.data));`;
  const { stdout } = spawnSync(
    'sh',
    ['-c', `cat '${path}' | "$0" "$@"`, process.execPath, '--import', 'tsx'].concat([
      '--conditions=@neverend/source',
      '--input-type=module',
      '-e',
      program,
    ]),
    { encoding: 'utf8' },
  );
  expect(stdout).toBe('1,-2\n');
});

describe('writeSafetensors of slices', () => {
  const table = (slices: SlicedArray['slices']) =>
    ({ a: { dtype: 'float32', shape: [3, 2], slices } }) as Record<string, SlicedArray>;
  const rows = [1, 2, 3].map((row) => Float32Array.of(row, -row));
  let path: string;
  beforeEach(async () => {
    path = join(folder, 'model.safetensors');
    await writeSafetensors(path, tensors);
  });

  const expectOldFile = async () => {
    expect((await readSafetensors(path)).tensors).toEqual(tensors);
    expect(await fs.readdir(folder)).toEqual(['model.safetensors']);
  };

  it('writes one before it asks for the next, which may lie in the same memory', async () => {
    const memory = new Float32Array(2);
    const slices = (async function* () {
      for (const row of rows) {
        memory.set(row);
        yield memory;
        memory.fill(Number.NaN);
      }
    })();
    await writeSafetensors(path, table(slices), { step: '8' });
    expect(await readSafetensors(path)).toEqual({
      tensors: {
        a: { dtype: 'float32', shape: [3, 2], data: Float32Array.of(1, -1, 2, -2, 3, -3) },
      },
      metadata: { step: '8' },
      unreadable: {},
    });
  });

  it.each([
    ['too few', rows.slice(1), 'the slices of tensor "a" have 4 elements; its shape [3,2] needs 6'],
    ['of another dtype', [new Int32Array(6)], 'tensor "a" of dtype float32 holds Int32Array'],
  ])('leaves the old file alone when they are %s', async (_, slices, message) => {
    await expect(writeSafetensors(path, table(slices as Float32Array[]))).rejects.toThrow(message);
    await expectOldFile();
  });

  it('leaves the old file alone when they fail, or the disk is full', async () => {
    let ended = 0;
    const failing = async function* (error?: Error) {
      try {
        yield* rows.slice(1);
        if (error) throw error;
        yield* rows.slice(2);
      } finally {
        ended++;
      }
    };
    const slicesFail = new Error('no more rows');
    await expect(writeSafetensors(path, table(failing(slicesFail)))).rejects.toThrow(slicesFail);
    await expectOldFile();

    const handle = await fs.open(path);
    await handle.close();
    const full = Object.assign(new Error('ENOSPC: simulated'), { code: 'ENOSPC' });
    const write = vi.spyOn(Object.getPrototypeOf(handle) as fs.FileHandle, 'writeFile');
    write.mockResolvedValueOnce().mockRejectedValueOnce(full);
    await expect(writeSafetensors(path, table(failing()))).rejects.toThrow(full);
    vi.restoreAllMocks();
    await expectOldFile();
    expect(ended).toBe(2);
  });

  it('leaves the old file alone when the signal is aborted, before, between slices or after the last', async () => {
    for (const when of [0, 1, 3]) {
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error(`after ${when}`);
      if (when === 0) controller.abort(reason);
      const taken: number[] = [];
      const slices = (async function* () {
        for (const row of rows) {
          yield row;
          if (taken.push(row[0] ?? 0) === when) controller.abort(reason);
        }
      })();
      const writing = writeSafetensors(path, table(slices), {}, { signal });
      await expect(writing).rejects.toThrow(reason);
      expect(taken.length).toBe(when);
      await expectOldFile();
    }
  });

  it('refuses an option that there is not', async () => {
    const options = { slicebytes: 1 } as object;
    await expect(writeSafetensors(path, {}, {}, options)).rejects.toThrow(
      new TypeError('writeSafetensors has no option "slicebytes"; it takes sliceBytes, signal'),
    );
    await expectOldFile();
  });
});
