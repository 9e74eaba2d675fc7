import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  decodeNpy,
  decodeSafetensors,
  encodeSafetensors,
  openNpz,
  openSafetensors,
} from '../src/index.ts';
import { readSafetensors, writeSafetensors } from '../src/node.ts';
import { readIntoVariable, readTensor, tensorSlices } from '../src/tensors.ts';
import { npy, npyHeader, vector, zip } from './fixtures/npz-builder.ts';

const data = Float32Array.of(1, 2);
const x = { dtype: 'float32', shape: [2], data } as const;
const readers: Record<string, readonly [good: Uint8Array, read: (file: never) => unknown]> = {
  decodeSafetensors: [encodeSafetensors({ x }), decodeSafetensors],
  openSafetensors: [encodeSafetensors({ x }), openSafetensors],
  openNpz: [zip([vector('x', data)]), openNpz],
  decodeNpy: [npy(npyHeader('|u1', '(3,)'), Uint8Array.of(1, 2, 3)), decodeNpy],
};

const messageOf = (error: unknown) =>
  error instanceof Error ? `${error.name}: ${error.message}` : error;
const outcome = async (run: () => unknown): Promise<unknown> => {
  try {
    return await run();
  } catch (error) {
    return messageOf(error);
  }
};

it.each(Object.keys(readers))('%s names what is no file', async (reader) => {
  const [, read] = readers[reader] ?? [];
  const inMemory = reader.startsWith('decode');
  const must = inMemory
    ? 'it must be its bytes, a Uint8Array or an ArrayBuffer'
    : 'it must be its bytes, a Blob or { size, read(start, end) }';
  const path = inMemory ? '' : '; @neverend/checkpoint/node opens files by path';
  const wrong: readonly (readonly [unknown, string, string?])[] = [
    [undefined, 'undefined'],
    [null, 'null'],
    ['/models/a.npz', '"/models/a.npz"', path],
    ['x'.repeat(100_000), `"${'x'.repeat(60)}..."`, path],
    [3, '3'],
    [[1, 2], 'an object of type Array'],
    [{ size: 3 }, 'an object of type Object'],
    [new URL('file:///a'), 'an object of type URL'],
    [Promise.resolve(new Uint8Array(9)), 'an object of type Promise'],
    [new Response('x'), 'an object of type Response'],
  ];
  for (const [file, was, hint = ''] of wrong) {
    expect(await outcome(() => read?.(file as never))).toBe(
      `TypeError: the file was ${was}; ${must}${hint}`,
    );
  }
});

it.each(Object.keys(readers))('%s takes bytes in any form', async (reader) => {
  const [good = new Uint8Array(), read] = readers[reader] ?? [];
  const even = new Uint8Array(2 * good.length + 2);
  even.set(good, 2);
  const forms = [
    good,
    good.slice().buffer,
    Buffer.from(good),
    new DataView(even.buffer, 2, good.length),
  ];
  const shared = new Uint8Array(new SharedArrayBuffer(good.length));
  shared.set(good);
  const expected = JSON.stringify(await read?.(good as never));
  for (const form of [...forms, shared.buffer]) {
    expect(JSON.stringify(await read?.(form as never))).toBe(expected);
  }
});

it('takes a list of names alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  const path = join(folder, 'a.safetensors');
  const bytes = encodeSafetensors({ e: x });
  await writeFile(path, bytes);
  for (const [names, was] of [
    ['e', '"e"'],
    [null, 'null'],
    [3, '3'],
    [[3], 'an object of type Array'],
    [{ e: 1 }, 'an object of type Object'],
  ] as const) {
    const options = { names: names as unknown as string[] };
    const message = `TypeError: names was ${was}; it must be a list of the arrays' names`;
    expect(await outcome(() => decodeSafetensors(bytes, options))).toBe(message);
    expect(await outcome(() => readSafetensors(path, options))).toBe(message);
  }
  expect(await outcome(() => decodeSafetensors(bytes, null as never))).toBe(
    "TypeError: decodeSafetensors's options were null; they must be an object",
  );
  await rm(folder, { recursive: true });
});

it('writes nothing that is no array', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
  const entry = (was: string) =>
    `CheckpointError: tensor "a" was ${was}; it must be { dtype, shape, data }`;
  const holds = (given: string) =>
    `CheckpointError: tensor "a" of dtype float32 holds ${given}; it must hold Float32Array`;
  const wrong: readonly (readonly [tensors: unknown, message: string, encoded?: string])[] = [
    ...[undefined, null, 'x', 3].map(
      (tensors) =>
        [
          tensors,
          `TypeError: tensors was ${JSON.stringify(tensors)}; it must be an object of arrays`,
        ] as const,
    ),
    [{ a: null }, entry('null')],
    [{ a: undefined }, entry('undefined')],
    [{ a: 'x' }, entry('"x"')],
    [{ a: { dtype: 'float32', shape: [3], data: ['a', 'b', 'c'] } }, holds('Array')],
    [{ a: { dtype: 'float32', shape: [3], data: [1, 2, 3] } }, holds('Array')],
    [{ a: { dtype: 'float32', shape: [3], data: 'abc' } }, holds('String')],
    [{ a: { dtype: 'float32', shape: [3] } }, holds('Undefined')],
    [{ a: { dtype: 'float32', shape: [3], data: null } }, holds('Null')],
    [
      { a: { dtype: 'float32', shape: [3], slices: [['a', 'b', 'c']] } },
      holds('Array'),
      holds('Undefined'),
    ],
    [{ a: { dtype: 'float32', shape: [3], slices: [null] } }, holds('Null'), holds('Undefined')],
    [
      { a: { dtype: 'float32', shape: [3], slices: null } },
      'CheckpointError: tensor "a" has slices that were null; they must be an iterable of typed arrays',
    ],
    ...[['a', 'b', 'c'], { shape: [1], data: Uint16Array.of(1) }].map(
      (a) =>
        [
          { a },
          'CheckpointError: tensor "a" has dtype undefined; it must be one of uint64, int64, float64, float32, uint32, int32, uint16, int16, int8, uint8, bool',
        ] as const,
    ),
  ];
  for (const [tensors, message, encoded = message] of wrong) {
    expect(await outcome(() => encodeSafetensors(tensors as never))).toBe(encoded);
    expect(await outcome(() => writeSafetensors(join(folder, 'a'), tensors as never))).toBe(
      message,
    );
  }
  const metadata = 'TypeError: metadata was null; it must be an object of texts';
  expect(await outcome(() => encodeSafetensors({}, null as never))).toBe(metadata);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

it('takes a file that is open, and tensors', async () => {
  const must = 'it must be what openSafetensors or openSafetensorsFile opens';
  for (const [file, was] of [
    [undefined, 'undefined'],
    ['a.safetensors', '"a.safetensors"'],
    [openSafetensors(encodeSafetensors({ x })), 'an object of type Promise'],
  ] as const) {
    const message = `TypeError: file was ${was}; ${must}`;
    expect(await outcome(() => readTensor(file as never, 'x'))).toBe(message);
    expect(await outcome(() => readIntoVariable(file as never, 'x', {} as never))).toBe(message);
  }
  for (const [tensor, was] of [
    [undefined, 'undefined'],
    [data, 'an object of type Float32Array'],
  ] as const) {
    expect(await outcome(() => tensorSlices(tensor as never))).toBe(
      `TypeError: tensor was ${was}; it must be a tensor of TensorFlow.js`,
    );
  }
});
