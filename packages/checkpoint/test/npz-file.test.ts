import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { CheckpointError, type NamedArray, openNpz } from '../src/index.ts';
import { openNpzFile, readNpy, readNpz } from '../src/node.ts';
import { bytesOf, npy, npyHeader, vector, zip } from './fixtures/npz-builder.ts';

const members = ['a', 'b', 'c'].map((name, at) => vector(name, Float32Array.of(at, at + 0.5)));

let folder: string;
let path: string;
let handles: fs.FileHandle[];

beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), 'checkpoint-'));
  path = join(folder, 'weights.npz');
  await fs.writeFile(path, zip(members));
  const handle = await fs.open(path);
  const prototype = Object.getPrototypeOf(handle) as fs.FileHandle;
  await handle.close();
  handles = [];
  const { stat } = prototype;
  vi.spyOn(prototype, 'stat').mockImplementation(async function (this: fs.FileHandle) {
    handles.push(this);
    return stat.call(this);
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await fs.rm(folder, { recursive: true });
});

/** How many of the files that were opened are open. */
const opened = () => handles.filter(({ fd }) => fd !== -1).length;

it('reads the arrays one after another, and closes the file', async () => {
  const values: Record<string, number[]> = {};
  for await (const [name, { data }] of readNpz(path)) {
    expect(opened()).toBe(1);
    values[name] = Array.from(data, Number);
  }
  expect(values).toEqual({ a: [0, 0.5], b: [1, 1.5], c: [2, 2.5] });
  expect(opened()).toBe(0);
});

it('closes the file when the iteration is left early, or ends with an error', async () => {
  for await (const [name] of readNpz(path)) if (name === 'b') break;
  expect(opened()).toBe(0);
  const wrong = [...members.slice(0, 2), { ...vector('c', Float32Array.of(1)), both: { crc: 1 } }];
  await fs.writeFile(path, zip(wrong));
  const names: string[] = [];
  const reading = (async () => {
    for await (const [name] of readNpz(path)) names.push(name);
  })();
  await expect(reading).rejects.toThrow(
    new CheckpointError(`${path}: array "c": member "c.npy" is damaged: its CRC-32 is not its own`),
  );
  expect({ names, opened: opened() }).toEqual({ names: ['a', 'b'], opened: 0 });
});

it('reads chosen arrays of a file in any order until it is closed', async () => {
  const npz = await openNpzFile(path);
  expect(npz.names).toEqual(['a', 'b', 'c']);
  const [c, a] = await Promise.all([npz.read('c'), npz.read('a')]);
  expect([c.data, a.data]).toEqual([Float32Array.of(2, 2.5), Float32Array.of(0, 0.5)]);
  await expect(npz.read('d')).rejects.toThrow(
    new CheckpointError(`${path}: the file has no array "d"`),
  );
  await npz.close();
  expect(opened()).toBe(0);
  await expect(npz.read('a')).rejects.toMatchObject({ code: 'EBADF' });
});

it('names a file whose content is wrong, and closes it', async () => {
  await fs.writeFile(path, 'short');
  await expect(openNpzFile(path)).rejects.toThrow(
    new CheckpointError(`${path}: the file is no ZIP file, or it is cut off: it has no end record`),
  );
  expect(opened()).toBe(0);
});

it('tells that a file became shorter while it was read', async () => {
  const npz = await openNpzFile(path);
  await fs.truncate(path, 10);
  await expect(npz.read('a')).rejects.toThrow('the file gave 10 bytes from byte 0 on');
  await npz.close();
});

it('gives the error of the file system for a file that does not exist', async () => {
  await expect(openNpzFile(join(folder, 'no'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('holds one array at a time, from disk and from a Blob, stored and deflated', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  for (const deflate of [false, true]) {
    const many = Array.from({ length: 8 }, (_, at) => ({
      ...vector(`${at}`, new Float32Array(100_000).fill(at)),
      deflate,
    }));
    await fs.writeFile(path, zip(many));
    for (const open of [() => readNpz(path), async () => openNpz(await blobOf(path))]) {
      const read: WeakRef<NamedArray>[] = [];
      for await (const [name, array] of await open()) {
        expect([array.data[0], array.data.at(-1)]).toEqual([Number(name), Number(name)]);
        read.push(new WeakRef(array));
        // What a WeakRef points to is held until the turn of the event loop ends.
        await setImmediate();
        collect();
        // This one, and at most the one before, which the loop's own result may still refer to.
        const held = read.filter((reference) => reference.deref() !== undefined);
        expect(held.length).toBeLessThanOrEqual(2);
      }
      expect(read).toHaveLength(8);
    }
  }
});

async function blobOf(file: string): Promise<Blob> {
  return new Blob([new Uint8Array(await fs.readFile(file))]);
}

it('reads a single .npy file, and names it where it is wrong', async () => {
  const single = join(folder, 'a.npy');
  await fs.writeFile(single, npy(npyHeader('<f4', '(1, 2)'), bytesOf(Float32Array.of(1, 2))));
  const expected = { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) };
  expect(await readNpy(single)).toEqual(expected);
  await fs.writeFile(single, 'text');
  await expect(readNpy(single)).rejects.toThrow(`${single}: `);
});
