import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  openSafetensors,
} from '../src/index.ts';
import { collect } from './fixtures/collect.ts';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`golden/${name}.safetensors`, import.meta.url)));

/** 0, 1, 2... of shape `shape`. */
function counting(shape: readonly number[]): NamedArray {
  const length = shape.reduce((product, size) => product * size, 1);
  return { dtype: 'float32', shape, data: Float32Array.from({ length }, (_, at) => at) };
}

async function slicesOf(array: NamedArray, sliceBytes: number): Promise<NamedArray[]> {
  const file = await openSafetensors(new Blob([encodeSafetensors({ array }) as BlobPart]));
  return collect(file.slices('array', { sliceBytes }));
}

describe('slices', () => {
  it.each(['every-dtype', 'shapes'])('together are what is read whole: %s', async (name) => {
    const bytes = golden(name);
    const { tensors } = decodeSafetensors(bytes);
    // At an odd place nothing is aligned.
    const moved = new Uint8Array(bytes.length + 1).subarray(1);
    moved.set(bytes);
    for (const source of [bytes, moved, new Blob([bytes])]) {
      const file = await openSafetensors(source);
      for (const of of file.names) {
        const { dtype, shape, data } = tensors[of] as NamedArray;
        expect(file.info(of)).toEqual({ dtype, shape });
        for (const sliceBytes of [1, 12, 2 ** 24]) {
          const values: (number | bigint)[] = [];
          for await (const slice of file.slices(of, { sliceBytes })) {
            expect(slice.dtype).toBe(dtype);
            values.push(...slice.data);
          }
          expect(values).toEqual([...data]);
        }
      }
    }
  });

  it.each([
    [
      'rows that fit',
      [5, 3],
      24,
      [
        [2, 3],
        [2, 3],
        [1, 3],
      ],
    ],
    ['one slice', [5, 3], 60, [[5, 3]]],
    ['rows of one number', [5], 8, [[2], [2], [1]]],
    [
      'rows that are too large, taken apart',
      [2, 3, 2],
      16,
      [
        [2, 2],
        [2, 2],
        [2, 2],
      ],
    ],
    ['one row that is too large', [1, 3], 8, [[2], [1]]],
    ['less than a number', [2], 3, [[1], [1]]],
    ['a scalar', [], 1, [[1]]],
    ['rows without numbers', [3, 0], 8, []],
    ['no rows', [0, 3], 8, []],
  ] as const)('are of whole rows: %s', async (_, shape, sliceBytes, expected) => {
    const array = counting(shape);
    const slices = await slicesOf(array, sliceBytes);
    expect(slices.map((slice) => slice.shape)).toEqual(expected);
    expect(slices.flatMap(({ data }) => [...data])).toEqual([...array.data]);
  });

  it('have at most so many bytes, for any shape', async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 4, max: 200 }), async (shape, sliceBytes) => {
        const array = counting(shape);
        const slices = await slicesOf(array, sliceBytes);
        for (const { data } of slices) expect(data.byteLength).toBeLessThanOrEqual(sliceBytes);
        expect(slices.flatMap(({ data }) => [...data])).toEqual([...array.data]);
      }),
    );
  });

  it('read no more of the file than they give', async () => {
    const bytes = encodeSafetensors({ a: counting([4, 2]), b: counting([9]) });
    const reads: [number, number][] = [];
    const file = await openSafetensors({
      size: bytes.length,
      read: async (start, end) => {
        reads.push([start, end]);
        return bytes.slice(start, end);
      },
    });
    reads.length = 0;
    const start = bytes.length - 17 * 4;
    for await (const { data } of file.slices('a', { sliceBytes: 16 })) {
      if (data[0] === 4) break;
    }
    expect(reads).toEqual([
      [start, start + 16],
      [start + 16, start + 32],
    ]);
  });

  it('are views of a file in memory where it is aligned', async () => {
    const bytes = encodeSafetensors({ a: counting([4]) });
    const [first] = await collect((await openSafetensors(bytes)).slices('a'));
    expect(first?.data.buffer).toBe(bytes.buffer);
    const views = decodeSafetensors(bytes, { views: true }).tensors;
    expect(views['a']?.data.buffer).toBe(bytes.buffer);
    expect(views).toEqual(decodeSafetensors(bytes).tensors);

    const moved = new Uint8Array(bytes.length + 1).subarray(1);
    moved.set(bytes);
    const copies = decodeSafetensors(moved, { views: true }).tensors;
    expect(copies['a']?.data.buffer).not.toBe(moved.buffer);
    expect(copies).toEqual(views);
  });

  it('end when the signal is aborted, with its reason', async () => {
    const file = await openSafetensors(encodeSafetensors({ a: counting([4]) }));
    const { signal, abort } = abortable();
    const seen: number[] = [];
    const reading = (async () => {
      for await (const { data } of file.slices('a', { sliceBytes: 4, signal })) {
        seen.push(Number(data[0]));
        if (seen.length === 2) abort(new Error('enough'));
      }
    })();
    await expect(reading).rejects.toThrow(new Error('enough'));
    expect(seen).toEqual([0, 1]);
  });

  it('name what is wrong', async () => {
    const bytes = encodeSafetensors({ a: counting([4]) });
    const file = await openSafetensors(bytes);
    const first = (name: string, options?: object) => file.slices(name, options).next();
    await expect(first('b')).rejects.toThrow(new CheckpointError('the file has no array "b"'));
    expect(() => file.info('b')).toThrow(new CheckpointError('the file has no array "b"'));
    await expect(first('a', { bytes: 1 })).rejects.toThrow(
      new TypeError('slices has no option "bytes"; it takes sliceBytes, signal'),
    );
    for (const sliceBytes of [0, 1.5, Number.NaN]) {
      await expect(first('a', { sliceBytes })).rejects.toThrow(
        new RangeError(`sliceBytes was ${sliceBytes}; it must be an integer above 0`),
      );
    }
    const shrunk = await openSafetensors({
      size: bytes.length,
      read: async (start, end) => bytes.subarray(start, Math.min(end, bytes.length - 4)),
    });
    await expect(collect(shrunk.slices('a'))).rejects.toThrow(
      new CheckpointError(
        `the file gave 12 bytes from byte ${bytes.length - 16} on; it must give 16`,
      ),
    );
  });
});

it('an array that no memory can hold can still be read in slices', async () => {
  const size = 2 ** 52;
  const header = new TextEncoder().encode(
    JSON.stringify({ a: { dtype: 'U8', shape: [size], data_offsets: [0, size] } }),
  );
  const head = new Uint8Array(8 + header.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(header.length), true);
  head.set(header, 8);
  const file = await openSafetensors({
    size: head.length + size,
    read: async (start, end) =>
      end <= head.length ? head.subarray(start, end) : new Uint8Array(end - start).fill(7),
  });
  await expect(file.read('a')).rejects.toThrow(
    new CheckpointError(
      'array "a" has 4503599627370496 bytes, for which there is no memory in one piece; it can be read in slices',
    ),
  );
  const { value } = await file.slices('a', { sliceBytes: 2 }).next();
  expect(value).toEqual({ dtype: 'uint8', shape: [2], data: Uint8Array.of(7, 7) });
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: controller.abort.bind(controller) };
}
