import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  type SlicedArray,
  streamSafetensors,
} from '../src/index.ts';
import { collect } from './fixtures/collect.ts';

/** The array in slices of so many elements. */
function sliced({ dtype, shape, data }: NamedArray, length: number): SlicedArray {
  const starts = Array.from({ length: Math.ceil(data.length / length) }, (_, at) => at * length);
  const slices = starts.map((start) => data.slice(start, start + length));
  return { dtype, shape, slices } as SlicedArray;
}

const tensors = decodeSafetensors(
  new Uint8Array(readFileSync(new URL('golden/writable-dtypes.safetensors', import.meta.url))),
).tensors;

async function streamed(...args: Parameters<typeof streamSafetensors>): Promise<Uint8Array> {
  return new Uint8Array(
    await new Blob((await collect(streamSafetensors(...args))) as BlobPart[]).arrayBuffer(),
  );
}

it('gives the bytes of encodeSafetensors, from arrays and from slices of any length', async () => {
  const metadata = { step: '7' };
  const expected = encodeSafetensors(tensors, metadata);
  expect(await streamed(tensors, metadata)).toEqual(expected);
  for (const length of [1, 2, 5]) {
    const entries = Object.entries(tensors).map(
      ([name, array]) => [name, sliced(array, length)] as const,
    );
    expect(await streamed(Object.fromEntries(entries), metadata)).toEqual(expected);
  }
  expect(await streamed({})).toEqual(encodeSafetensors({}));
});

it('gives large arrays in pieces, without a copy', async () => {
  const data = new Float32Array(5 * 2 ** 20).fill(3);
  const pieces = await collect(
    streamSafetensors({ a: { dtype: 'float32', shape: [data.length], data } }),
  );
  expect(pieces.slice(1).map(({ length }) => length)).toEqual([2 ** 24, 2 ** 22]);
  for (const piece of pieces.slice(1)) expect(piece.buffer).toBe(data.buffer);
});

it('asks for a slice once the one before it was taken', async () => {
  const log: string[] = [];
  const slices = (async function* () {
    for (const value of [1, 2]) {
      log.push(`slice ${value}`);
      yield Uint8Array.of(value);
    }
    log.push('end');
  })();
  for await (const piece of streamSafetensors({ a: { dtype: 'uint8', shape: [2], slices } })) {
    log.push(piece.length === 1 ? `piece ${piece[0]}` : 'head');
  }
  expect(log).toEqual(['head', 'slice 1', 'piece 1', 'slice 2', 'piece 2', 'end']);
});

it('writes offsets above 2^32 as they are', async () => {
  const rows = 3 * 2 ** 20;
  const big: SlicedArray = { dtype: 'float32', shape: [rows, 1024], slices: [] };
  const stream = streamSafetensors({ big, small: { ...big, shape: [2] } });
  const head = (await stream.next()).value as Uint8Array;
  await stream.return();
  const { small } = JSON.parse(new TextDecoder().decode(head.subarray(8))) as Record<
    string,
    object
  >;
  expect(small).toEqual({
    dtype: 'F32',
    shape: [2],
    data_offsets: [12_884_901_888, 12_884_901_896],
  });
  expect(() => streamSafetensors({ huge: { ...big, shape: [2 ** 30, 2 ** 30] } })).toThrow(
    new CheckpointError(
      'tensor "huge" of shape [1073741824,1073741824] makes the file larger than 2^53 bytes',
    ),
  );
});

it('refuses what is no array at once, and slices that are not of it when they come', async () => {
  const a = (slices: readonly object[]): Record<string, SlicedArray> => ({
    a: { dtype: 'float32', shape: [2, 2], slices } as SlicedArray,
  });
  expect(() => streamSafetensors({ a: { dtype: 'float32', shape: [-1], slices: [] } })).toThrow(
    new CheckpointError('tensor "a" has shape [-1]; it must be sizes >= 0'),
  );
  const refused: readonly [readonly object[], string][] = [
    [[new Float32Array(3)], 'the slices of tensor "a" have 3 elements; its shape [2,2] needs 4'],
    [[], 'the slices of tensor "a" have 0 elements; its shape [2,2] needs 4'],
    [
      [new Float32Array(3), new Float32Array(3)],
      'the slices of tensor "a" have at least 6 elements; its shape [2,2] needs 4',
    ],
    [
      [new Int32Array(4)],
      'tensor "a" of dtype float32 holds Int32Array; it must hold Float32Array',
    ],
    [[[1, 2, 3, 4]], 'tensor "a" of dtype float32 holds Array; it must hold Float32Array'],
  ];
  for (const [slices, message] of refused) {
    await expect(collect(streamSafetensors(a(slices)))).rejects.toThrow(
      new CheckpointError(message),
    );
  }
});
