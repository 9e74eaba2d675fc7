import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  openSafetensors,
} from '../src/index.ts';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`golden/${name}.safetensors`, import.meta.url)));

const files = ['every-dtype', 'shapes', 'writable-dtypes'];

describe('openSafetensors', () => {
  it.each(files)('reads each array of %s as decodeSafetensors does', async (name) => {
    const file = golden(name);
    const { tensors, metadata } = decodeSafetensors(file);
    const opened = await openSafetensors(file);
    expect(opened.metadata).toEqual(metadata);
    expect([...opened.names].sort()).toEqual(Object.keys(tensors).sort());
    for (const of of opened.names) expect(await opened.read(of)).toEqual(tensors[of]);
  });

  it('reads the header, and then the bytes of the array that is asked for, in pieces', async () => {
    const long = Float32Array.from({ length: 600_000 }, (_, at) => at);
    const file = encodeSafetensors(
      {
        a: { dtype: 'float32', shape: [600_000], data: long },
        b: { dtype: 'float32', shape: [1], data: Float32Array.of(5) },
      },
      { of: 'two' },
    );
    const reads: [number, number][] = [];
    const source = {
      size: file.length,
      read: async (start: number, end: number) => {
        reads.push([start, end]);
        return file.subarray(start, end);
      },
    };
    const { names, metadata, read } = await openSafetensors(source);
    expect([names, metadata]).toEqual([['a', 'b'], { of: 'two' }]);
    const dataStart = file.length - 4 * 600_001;
    expect(reads).toEqual([
      [0, 8],
      [8, dataStart],
    ]);
    reads.length = 0;
    expect((await read('b')).data).toEqual(Float32Array.of(5));
    expect(reads).toEqual([[file.length - 4, file.length]]);
    reads.length = 0;
    expect((await read('a')).data).toEqual(long);
    expect(reads.map(([start, end]) => end - start)).toEqual([
      2 ** 20,
      2 ** 20,
      2_400_000 - 2 ** 21,
    ]);
    await expect(read('c')).rejects.toThrow(new CheckpointError('the file has no array "c"'));
  });

  it('refuses what is none, and what is cut off', async () => {
    const file = encodeSafetensors({ a: { dtype: 'uint8', shape: [4], data: new Uint8Array(4) } });
    const refused = (bytes: Uint8Array) => expect(openSafetensors(bytes)).rejects;
    await refused(new Uint8Array(3)).toThrow(
      'the file has 3 bytes; a safetensors file has at least 8',
    );
    await refused(file.subarray(0, 20)).toThrow(
      /^the header's length is given as \d+ bytes; the file has 12/,
    );
    await refused(file.subarray(0, file.length - 1)).toThrow('lie outside the 3 bytes of data');
  });
});
