import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  openSafetensors,
  shapeSize,
} from '../src/index.ts';
import { parseJson } from '../src/parse-json.ts';

interface Description {
  readonly metadata: Record<string, string>;
  readonly tensors: Record<string, { shape: number[]; data: (number | string)[] }>;
}

function golden(name: string): { file: Uint8Array; description: Description } {
  const url = (extension: string) => new URL(`golden/${name}.${extension}`, import.meta.url);
  return {
    file: new Uint8Array(readFileSync(url('safetensors'))),
    description: JSON.parse(readFileSync(url('json'), 'utf8')) as Description,
  };
}

/** A file with this header and this many bytes of data, 1, 2, 3... */
function fileOf(header: unknown, dataBytes: number): Uint8Array {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const file = new Uint8Array(8 + text.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  for (let index = 0; index < dataBytes; index++) file[8 + text.length + index] = index + 1;
  return file;
}

const f32 = (start: number, end: number, shape = [(end - start) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [start, end],
});

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 });

function arraysOf(shape: number[]): fc.Arbitrary<NamedArray> {
  const size = shapeSize(shape);
  const list = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: size, maxLength: size });
  const integers = (min: number, max: number) => list(fc.integer({ min, max }));
  return fc.oneof(
    list(fc.double()).map((v) => ({
      dtype: 'float64' as const,
      shape,
      data: Float64Array.from(v),
    })),
    list(fc.float()).map((v) => ({ dtype: 'float32' as const, shape, data: Float32Array.from(v) })),
    list(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map((v) => ({
      dtype: 'int64' as const,
      shape,
      data: BigInt64Array.from(v),
    })),
    integers(-(2 ** 31), 2 ** 31 - 1).map((v) => ({
      dtype: 'int32' as const,
      shape,
      data: Int32Array.from(v),
    })),
    integers(-128, 127).map((v) => ({ dtype: 'int8' as const, shape, data: Int8Array.from(v) })),
    integers(0, 65_535).map((v) => ({
      dtype: 'uint16' as const,
      shape,
      data: Uint16Array.from(v),
    })),
    integers(0, 1).map((v) => ({ dtype: 'bool' as const, shape, data: Uint8Array.from(v) })),
  );
}

const names = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '1', '02', 'a/b', '"', '\\', '\u2028'),
);
const tensors = fc.dictionary(names, shapes.chain(arraysOf)).map((dictionary) => {
  delete dictionary['__metadata__'];
  return dictionary;
});
const metadata = fc.dictionary(names, fc.string({ unit: 'grapheme' }));

describe('decodeSafetensors', () => {
  it.each(['every-dtype', 'shapes'])(
    'reads what the reference implementation wrote: %s',
    (name) => {
      const { file, description } = golden(name);
      const read = decodeSafetensors(file);
      expect(read.metadata).toEqual(description.metadata);
      expect(new Set(Object.keys(read.tensors))).toEqual(new Set(Object.keys(description.tensors)));
      for (const [key, { shape, data }] of Object.entries(description.tensors)) {
        const array = read.tensors[key];
        expect(array?.shape).toEqual(shape);
        const wide = array?.dtype === 'int64' || array?.dtype === 'uint64';
        const values = wide ? data.map(BigInt) : data.map(Number);
        // toEqual tells 0 from -0.
        expect([...(array?.data ?? [])]).toEqual(values);
      }
    },
  );

  it('reads data that begins at any byte, in a file that begins at any byte', () => {
    for (const padding of ['', ' ', '  ', '   ']) {
      const header = { flag: { dtype: 'BOOL', shape: [1], data_offsets: [0, 1] }, x: f32(1, 5) };
      const file = fileOf(JSON.stringify(header) + padding, 5);
      const buffer = new Uint8Array(file.length + 3);
      buffer.set(file, 3);
      const { flag, x } = decodeSafetensors(buffer.subarray(3)).tensors;
      expect(flag?.data).toEqual(Uint8Array.of(1));
      expect(x?.data).toEqual(new Float32Array(Uint8Array.of(2, 3, 4, 5).buffer));
    }
  });

  it('gives arrays that share no memory with the file', () => {
    const file = encodeSafetensors({
      a: { dtype: 'uint8', shape: [2], data: Uint8Array.of(1, 2) },
    });
    const { a } = decodeSafetensors(file).tensors;
    file.fill(9);
    expect(a?.data).toEqual(Uint8Array.of(1, 2));
    expect(a?.data.buffer.byteLength).toBe(2);
  });

  // As safetensors 0.8.0 of Python reads it.
  it.each([' ', '\n', '\t', '\r', ' \r\n'])('reads a header after %j', async (space) => {
    const file = fileOf(`${space}${JSON.stringify({ x: f32(0, 4) })}`, 4);
    expect(Object.keys(decodeSafetensors(file).tensors)).toEqual(['x']);
    expect((await openSafetensors(file)).names).toEqual(['x']);
  });

  it.each(['\u000b', '\u00a0', ' \ufeff'])('reads no header after %j', (space) => {
    expect(() => decodeSafetensors(fileOf(`${space}{}`, 0))).toThrow(
      new CheckpointError('the header does not begin with "{"'),
    );
  });

  it('reads FP8 as float32, and what is beside formats that it does not know', async () => {
    const header = {
      __metadata__: null,
      e4m3: { dtype: 'F8_E4M3', shape: [2], data_offsets: [0, 2] },
      packed: { dtype: 'F4', shape: [3, 2], data_offsets: [2, 5] },
      e5m2: { dtype: 'F8_E5M2', shape: [1, 1], data_offsets: [5, 6] },
      complex: { dtype: 'C64', shape: [1], data_offsets: [6, 14] },
      x: f32(14, 18),
    };
    const file = fileOf(header, 18);
    const expected = {
      // The bytes 1, 2 and 6.
      e4m3: { dtype: 'float32', shape: [2], data: Float32Array.of(2 ** -9, 2 ** -8) },
      e5m2: { dtype: 'float32', shape: [1, 1], data: Float32Array.of(1.5 * 2 ** -14) },
      x: { dtype: 'float32', shape: [1], data: new Float32Array(file.slice(-4).buffer) },
    };
    const unreadable = { packed: 'F4', complex: 'C64' };
    expect(decodeSafetensors(file)).toEqual({ tensors: expected, metadata: {}, unreadable });
    const opened = await openSafetensors(file);
    expect(opened.names).toEqual(['e4m3', 'e5m2', 'x']);
    expect(opened.unreadable).toEqual(unreadable);
    expect(await opened.read('e5m2')).toEqual(expected.e5m2);
    const known =
      'U64, I64, F64, F32, U32, I32, BF16, F16, U16, I16, I8, U8, F8_E4M3, F8_E5M2, BOOL';
    const message = `tensor "packed": dtype was "F4"; it must be one of ${known}`;
    expect(() => opened.info('packed')).toThrow(new CheckpointError(message));
    expect(() => decodeSafetensors(file, { names: ['x', 'packed'] })).toThrow(
      new CheckpointError(message),
    );
  });

  it('gives the tensors that are asked for alone', () => {
    const file = encodeSafetensors({
      a: { dtype: 'uint8', shape: [1], data: Uint8Array.of(1) },
      b: { dtype: 'uint8', shape: [1], data: Uint8Array.of(2) },
    });
    expect(Object.keys(decodeSafetensors(file, { names: ['b'] }).tensors)).toEqual(['b']);
    expect(() => decodeSafetensors(file, { names: ['b', 'c'] })).toThrow(
      new CheckpointError('the file has no array "c"'),
    );
  });

  it('reads metadata of many megabytes', () => {
    const text = 'a"\\'.repeat(2e6);
    expect(decodeSafetensors(encodeSafetensors({}, { text })).metadata['text']).toBe(text);
  });

  const malformed: Record<string, readonly [Uint8Array, string]> = {
    'an empty file': [new Uint8Array(0), 'the file has 0 bytes; a safetensors file has at least 8'],
    'a file that ends in the length': [
      new Uint8Array(7),
      'the file has 7 bytes; a safetensors file has at least 8',
    ],
    'a header that is longer than the file': [
      Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d),
      "the header's length is given as 3 bytes; the file has 2 after it",
    ],
    'a header length of 64 bits': [
      new Uint8Array(16).fill(255),
      'the file is no safetensors file: its first 8 bytes would be the length of its header, 18446744073709551615; it must be at most 100000000',
    ],
    'no header': [new Uint8Array(8), 'the header does not begin with "{"'],
    'a header that begins with a byte order mark': [
      fileOf('\ufeff{}', 0),
      'the header does not begin with "{"',
    ],
    'a header that is a list': [fileOf('[]', 0), 'the header does not begin with "{"'],
    'a header that is cut off': [fileOf('{"a":', 0), 'the header is not JSON in UTF-8'],
    'a header with something after it': [fileOf('{}{}', 0), 'the header is not JSON in UTF-8'],
    'a header that is not UTF-8': [
      Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x22, 0x7d),
      'the header is not JSON in UTF-8',
    ],
    'a name that comes twice': [
      fileOf(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(0, 4))}}`, 4),
      'the header has the name "a" twice',
    ],
    'a field that comes twice': [
      fileOf('{"a":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}}', 1),
      'the header has the name "dtype" twice',
    ],
    'an entry that is no object': [
      fileOf({ a: [1] }, 0),
      'tensor "a": its header entry is not an object',
    ],
    'no dtype': [
      fileOf({ a: { shape: [1], data_offsets: [0, 1] } }, 1),
      'tensor "a": dtype was undefined; it must be the name of a format',
    ],
    'a negative size': [
      fileOf({ a: f32(0, 4, [-1]) }, 4),
      'tensor "a": shape was [-1]; it must be sizes >= 0',
    ],
    'a size that is not an integer': [
      fileOf({ a: f32(0, 4, [1.5]) }, 4),
      'tensor "a": shape was [1.5]; it must be sizes >= 0',
    ],
    'sizes whose product overflows': [
      fileOf({ a: f32(0, 4, [2 ** 32, 2 ** 32, 2 ** 32]) }, 4),
      'tensor "a": shape [4294967296,4294967296,4294967296] of F32 does not fill its 4 bytes',
    ],
    'no shape': [
      fileOf({ a: { dtype: 'U8', data_offsets: [0, 1] } }, 1),
      'tensor "a": shape was undefined; it must be sizes >= 0',
    ],
    'one offset': [
      fileOf({ a: { dtype: 'U8', shape: [1], data_offsets: [0] } }, 1),
      'tensor "a": data_offsets was [0]; it must be two offsets >= 0',
    ],
    'offsets that run backwards': [
      fileOf({ a: f32(4, 0, [1]) }, 4),
      'tensor "a": data_offsets [4, 0] lie outside the 4 bytes of data',
    ],
    'data that is cut off': [
      fileOf({ a: f32(0, 8) }, 7),
      'tensor "a": data_offsets [0, 8] lie outside the 7 bytes of data',
    ],
    'a range that is too long for the shape': [
      fileOf({ a: f32(0, 8, [1]) }, 8),
      'tensor "a": shape [1] of F32 does not fill its 8 bytes',
    ],
    'tensors that overlap': [
      fileOf({ a: f32(0, 8), b: f32(4, 12) }, 12),
      'tensor "b" at byte 4 overlaps another tensor',
    ],
    'two tensors in one place': [
      fileOf({ a: f32(0, 8), b: f32(0, 8) }, 8),
      'tensor "b" at byte 0 overlaps another tensor',
    ],
    'a hole between tensors': [
      fileOf({ a: f32(0, 4), b: f32(8, 12) }, 12),
      'tensor "b" at byte 8 leaves a gap before it',
    ],
    'a hole at the start': [
      fileOf({ a: f32(4, 8) }, 8),
      'tensor "a" at byte 4 leaves a gap before it',
    ],
    'data after the last tensor': [
      fileOf({ a: f32(0, 4) }, 5),
      'the data has 5 bytes; its tensors fill 4',
    ],
    'metadata that is no object': [
      fileOf({ __metadata__: 'pt' }, 0),
      '__metadata__ must map names to strings',
    ],
    'metadata that is not text': [
      fileOf({ __metadata__: { steps: 3 } }, 0),
      '__metadata__ must map names to strings',
    ],
  };

  it.each(Object.keys(malformed))('refuses %s in one clear sentence', (what) => {
    const [file, message] = malformed[what] ?? [];
    expect(() => decodeSafetensors(file ?? new Uint8Array())).toThrow(new CheckpointError(message));
  });

  it('refuses a header above the limit even when the file holds it', () => {
    const file = new Uint8Array(8 + 100_000_001);
    new DataView(file.buffer).setBigUint64(0, 100_000_001n, true);
    expect(() => decodeSafetensors(file)).toThrow('it must be at most 100000000');
  });

  it('finds overlaps before it allocates what the header asks for', () => {
    const size = 1 << 20;
    const entries = Array.from({ length: 20_000 }, (_, index) => [`t${index}`, f32(0, size)]);
    const file = fileOf(Object.fromEntries(entries), size);
    // The arrays together would have 20 GiB.
    expect(() => decodeSafetensors(file)).toThrow('overlaps another tensor');
  });

  it('throws nothing but CheckpointError, whichever byte of a file is damaged or missing', () => {
    const { file } = golden('every-dtype');
    const damage = fc.record({
      at: fc.nat({ max: file.length - 1 }),
      value: fc.nat({ max: 255 }),
      length: fc.integer({ min: 0, max: file.length }),
    });
    fc.assert(
      fc.property(damage, ({ at, value, length }) => {
        const damaged = file.slice(0, length);
        if (at < length) damaged[at] = value;
        try {
          const { tensors } = decodeSafetensors(damaged);
          expect(length).toBe(file.length);
          for (const { shape, data } of Object.values(tensors)) {
            expect(data.length).toBe(shapeSize(shape));
          }
        } catch (error) {
          if (!CheckpointError.isInstance(error)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeSafetensors', () => {
  it.each(['writable-dtypes', 'shapes'])(
    'writes the bytes of the reference implementation: %s',
    (name) => {
      const { file } = golden(name);
      const { tensors, metadata } = decodeSafetensors(file);
      expect(encodeSafetensors(tensors, metadata)).toEqual(file);
    },
  );

  it('gives back every array and text', () => {
    fc.assert(
      fc.property(tensors, metadata, (arrays, texts) => {
        const file = encodeSafetensors(arrays, texts);
        const read = decodeSafetensors(file);
        expect(read.metadata).toEqual({ ...texts });
        expect(new Set(Object.keys(read.tensors))).toEqual(new Set(Object.keys(arrays)));
        for (const [name, array] of Object.entries(arrays)) {
          const copy = Object.getOwnPropertyDescriptor(read.tensors, name)?.value as NamedArray;
          expect(copy).toEqual(array);
        }
      }),
    );
  });

  it('begins the data at a multiple of 8, each array at a multiple of its element', () => {
    fc.assert(
      fc.property(tensors, metadata, (arrays, texts) => {
        const file = encodeSafetensors(arrays, texts);
        const headerBytes = Number(new DataView(file.buffer).getBigUint64(0, true));
        expect(headerBytes % 8).toBe(0);
        const header = parseJson(new TextDecoder().decode(file.subarray(8, 8 + headerBytes)))
          .value as Record<string, { data_offsets: [number, number] }>;
        for (const [name, array] of Object.entries(arrays)) {
          const entry = Object.getOwnPropertyDescriptor(header, name)?.value as (typeof header)[''];
          expect(entry.data_offsets[0] % array.data.BYTES_PER_ELEMENT).toBe(0);
        }
      }),
    );
  });

  it('gives the same bytes for the same content in any order', () => {
    fc.assert(
      fc.property(tensors, metadata, (arrays, texts) => {
        const reversed = <T>(object: Record<string, T>) =>
          Object.fromEntries(Object.entries(object).reverse()) as Record<string, T>;
        expect(encodeSafetensors(reversed(arrays), reversed(texts))).toEqual(
          encodeSafetensors(arrays, texts),
        );
      }),
    );
  });

  it('writes the part of a buffer that an array is a view of', () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    const { x } = decodeSafetensors(
      encodeSafetensors({ x: { dtype: 'float32', shape: [2], data } }),
    ).tensors;
    expect(x?.data).toEqual(Float32Array.of(2, 3));
  });

  it('writes no header that decodeSafetensors would refuse for its length', () => {
    const most = 100_000_000 - '{"__metadata__":{"text":""}}'.length;
    const file = encodeSafetensors({}, { text: 'a'.repeat(most) });
    expect(decodeSafetensors(file).metadata['text']?.length).toBe(most);
    expect(() => encodeSafetensors({}, { text: 'a'.repeat(most + 1) })).toThrow(
      new CheckpointError('the header would have 100000008 bytes; it must have at most 100000000'),
    );
  });

  it('refuses arrays and metadata that make no valid file', () => {
    const data = Float32Array.of(1, 2);
    const refused: readonly [Record<string, unknown>, string][] = [
      [
        { a: { dtype: 'float32', shape: [3], data } },
        'tensor "a" has 2 elements; its shape [3] needs 3',
      ],
      [
        { a: { dtype: 'float32', shape: [-1, -2], data } },
        'tensor "a" has shape [-1,-2]; it must be sizes >= 0',
      ],
      [
        { a: { dtype: 'int32', shape: [2], data } },
        'tensor "a" of dtype int32 holds Float32Array; it must hold Int32Array',
      ],
      [
        { a: { dtype: 'complex64', shape: [1], data } },
        'tensor "a" has dtype "complex64"; it must be one of uint64, int64, float64, float32, uint32, int32, uint16, int16, int8, uint8, bool',
      ],
      [
        { __metadata__: { dtype: 'float32', shape: [2], data } },
        'a tensor was named "__metadata__"; that name is the header\'s own',
      ],
      [
        { 'a\ud83d': { dtype: 'float32', shape: [2], data } },
        'tensor "a\\ud83d" has half a surrogate pair, which UTF-8 cannot hold',
      ],
    ];
    for (const [arrays, message] of refused) {
      expect(() => encodeSafetensors(arrays as Record<string, NamedArray>)).toThrow(
        new CheckpointError(message),
      );
    }
    expect(() => encodeSafetensors({}, { steps: 3 as unknown as string })).toThrow(
      new CheckpointError('metadata "steps" was 3; it must be a string'),
    );
    for (const texts of [{ '\ude00': '' }, { note: '\ude00' }]) {
      expect(() => encodeSafetensors({}, texts)).toThrow('has half a surrogate pair');
    }
  });
});
