import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CheckpointError,
  decodeSafetensors,
  type NamedArray,
  openNpz,
  openSafetensors,
  shapeSize,
} from '../src/index.ts';
import { concat, npy, npyHeader, vector, zip } from './fixtures/npz-builder.ts';

const golden = (name: string) =>
  new Uint8Array(readFileSync(new URL(`golden/${name}`, import.meta.url)));

/** Positions and lengths are shares of the file's. */
type Mutation =
  | {
      readonly kind: 'cut' | 'insert' | 'remove' | 'copy';
      readonly at: number;
      readonly to: number;
    }
  | {
      readonly kind: 'set';
      readonly at: number;
      readonly value: number;
      readonly width: 1 | 2 | 4;
    };

const share = fc.noBias(fc.nat({ max: 999_999 })).map((parts) => parts / 1e6);
const values = fc.oneof(
  fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.nat({ max: 0xffff_ffff }),
);
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      at: share,
      value: values,
      width: fc.constantFrom(1 as const, 2 as const, 4 as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('cut' as const, 'insert' as const, 'remove' as const, 'copy' as const),
      at: share,
      to: share,
    }),
  },
);
const mutations = fc.array(mutation, { minLength: 1, maxLength: 2 });
// One seed: the same files in every run.
const settings = { seed: 20_261_124, numRuns: 200 };

function mutate(file: Uint8Array, change: Mutation): Uint8Array {
  const at = Math.floor(change.at * file.length);
  if (change.kind === 'set') {
    const mutated = concat(file);
    for (let byte = 0; byte < change.width && at + byte < file.length; byte++) {
      mutated[at + byte] = change.value >>> (8 * byte);
    }
    return mutated;
  }
  const to = Math.floor(change.to * file.length);
  const part = file.subarray(Math.min(at, to), Math.min(at, to) + 16);
  if (change.kind === 'cut') return file.slice(0, at);
  if (change.kind === 'insert') return concat(file.subarray(0, at), part, file.subarray(at));
  if (change.kind === 'remove')
    return concat(file.subarray(0, at), file.subarray(at + part.length));
  const copied = concat(file, part).slice(0, file.length);
  copied.set(part.subarray(0, file.length - at), at);
  return copied;
}

/** The most bytes that buffers ever had while a file was read, beyond those before it. */
class MemoryWatch {
  readonly #before = process.memoryUsage().arrayBuffers;
  most = 0;

  look(): void {
    this.most = Math.max(this.most, process.memoryUsage().arrayBuffers - this.#before);
  }
}

describe('an .npz file that is mutated', () => {
  const sources = ['every-dtype', 'big-endian', 'orders', 'pipe', 'versions', 'zip64'];
  const files = [
    ...sources.map((name) => golden(`${name}.npz`)),
    zip([
      { ...vector('zeros', new Float32Array(20_000)), deflate: true },
      vector('ones', new Float32Array(50).fill(1)),
    ]),
  ];

  it('gives the same data or one CheckpointError, in bounded memory', async () => {
    const outcomes = { same: 0, refused: 0 };
    const read = async (file: Uint8Array, watch?: MemoryWatch) => {
      const npz = await openNpz({
        size: file.length,
        read: async (start, end) => {
          watch?.look();
          return file.slice(start, end);
        },
      });
      const arrays: [string, NamedArray][] = [];
      for await (const entry of npz) arrays.push(entry);
      watch?.look();
      expect(npz.unreadable).toEqual({});
      // A name that has lost its ending is that of another member.
      const [other] = npz.others;
      if (other !== undefined) throw new CheckpointError(`member ${other} is no array`);
      return arrays;
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), mutations, async (file, changes) => {
        const expected = await read(file);
        const mutated = changes.reduce(mutate, file);
        fc.pre(Buffer.compare(mutated, file) !== 0);
        const watch = new MemoryWatch();
        try {
          expect(await read(mutated, watch)).toEqual(expected);
          outcomes.same++;
        } catch (error) {
          if (!CheckpointError.isInstance(error)) throw error;
          expect(error.message).not.toMatch(/undefined|NaN|object Object/);
          outcomes.refused++;
        }
        expect(watch.most).toBeLessThan(2 ** 22);
      }),
      settings,
    );
    expect(outcomes.same + outcomes.refused).toBe(200);
    expect(Math.min(outcomes.same, outcomes.refused)).toBeGreaterThan(0);
  });

  it('gives a whole array or one CheckpointError when its checksums are those of wrong data', async () => {
    const outcomes = { read: 0, refused: 0 };
    const contents = [
      npy(npyHeader('<f4', '(3, 4)'), new Uint8Array(48).fill(1)),
      npy(npyHeader('>u2', '(5,)'), Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), [2, 0]),
      npy("{'descr': '|b1', 'fortran_order': True, 'shape': (2, 1, 2)}", new Uint8Array(4)),
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...contents), mutations, async (content, changes) => {
        const mutated = changes.reduce(mutate, content);
        fc.pre(Buffer.compare(mutated, content) !== 0);
        const watch = new MemoryWatch();
        try {
          const npz = await openNpz(zip([{ name: 'a.npy', content: mutated, deflate: true }]));
          const { shape, data } = await npz.read('a');
          expect(data.length).toBe(shapeSize(shape));
          outcomes.read++;
        } catch (error) {
          if (!CheckpointError.isInstance(error)) throw error;
          outcomes.refused++;
        }
        watch.look();
        expect(watch.most).toBeLessThan(2 ** 22);
      }),
      settings,
    );
    expect(outcomes.read + outcomes.refused).toBe(200);
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(0);
  });
});

describe('a safetensors file that is mutated', () => {
  const files = ['every-dtype', 'writable-dtypes', 'shapes'].map((name) =>
    golden(`${name}.safetensors`),
  );

  /** What the format says a file's arrays are, for files that are valid. */
  function bytesByName(file: Uint8Array): Map<string, { shape: unknown; bytes: Uint8Array }> {
    const start = 8 + Number(new DataView(file.buffer).getBigUint64(0, true));
    const header = JSON.parse(new TextDecoder().decode(file.slice(8, start))) as object;
    const arrays = new Map<string, { shape: unknown; bytes: Uint8Array }>();
    for (const [name, { shape, data_offsets: offsets }] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      const [from, to] = offsets as [number, number];
      arrays.set(name, { shape, bytes: file.slice(start + from, start + to) });
    }
    return arrays;
  }

  it('gives the data that the file has or one CheckpointError, in bounded memory', () => {
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.constantFrom(...files), mutations, (file, changes) => {
        const mutated = changes.reduce(mutate, file).slice();
        fc.pre(Buffer.compare(mutated, file) !== 0);
        const watch = new MemoryWatch();
        try {
          const { tensors, unreadable } = decodeSafetensors(mutated);
          watch.look();
          const expected = bytesByName(mutated);
          const names = [...Object.keys(tensors), ...Object.keys(unreadable)];
          expect(new Set(names)).toEqual(new Set(expected.keys()));
          for (const [name, { shape, data }] of Object.entries(tensors)) {
            const array = expected.get(name);
            expect(shape).toEqual(array?.shape);
            // The half precisions have grown, and have tests of their own.
            if (data.byteLength === array?.bytes.length) {
              expect(new Uint8Array(data.buffer)).toEqual(array.bytes);
            }
          }
          outcomes.read++;
        } catch (error) {
          if (!CheckpointError.isInstance(error)) throw error;
          expect(error.message).not.toMatch(/NaN|object Object/);
          outcomes.refused++;
        }
        watch.look();
        expect(watch.most).toBeLessThan(2 ** 22);
      }),
      settings,
    );
    expect(outcomes.read + outcomes.refused).toBe(200);
    expect(Math.min(outcomes.read, outcomes.refused)).toBeGreaterThan(0);
  });

  it('is in slices what it is whole, or refused in the same words', async () => {
    const messageOf = (error: unknown): string => {
      if (CheckpointError.isInstance(error)) return error.message;
      throw error;
    };
    const inSlices = async (bytes: Uint8Array) => {
      const file = await openSafetensors(new Blob([bytes as BlobPart]));
      const arrays = [];
      for (const name of file.names) {
        const values: (number | bigint)[] = [];
        for await (const { data } of file.slices(name, { sliceBytes: 7 })) values.push(...data);
        arrays.push([name, file.info(name).shape, values]);
      }
      return Object.fromEntries(arrays.map(([name, ...rest]) => [name, rest]));
    };
    const whole = (bytes: Uint8Array) => {
      const arrays = Object.entries(decodeSafetensors(bytes).tensors);
      return Object.fromEntries(
        arrays.map(([name, { shape, data }]) => [name, [shape, [...data]]]),
      );
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), mutations, async (file, changes) => {
        const mutated = changes.reduce(mutate, file).slice();
        let expected: unknown;
        try {
          expected = whole(mutated);
        } catch (error) {
          expected = messageOf(error);
        }
        expect(await inSlices(mutated).catch(messageOf)).toEqual(expected);
      }),
      settings,
    );
  });
});
