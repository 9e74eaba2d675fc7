import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelMode } from '@neverend/backend';
import { describeBackends, expectNoLeak, poisonMemory } from '@neverend/backend/testing';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CheckpointError,
  encodeSafetensors,
  type NamedArray,
  type OpenSafetensors,
  openSafetensors,
} from '../src/index.ts';
import { openSafetensorsFile, readSafetensors, writeSafetensors } from '../src/node.ts';
import { readIntoVariable, readTensor, tensorSlices } from '../src/tensors.ts';
import { collect } from './fixtures/collect.ts';

/** Numbers that no rounding may touch. */
function floats(shape: readonly number[]): NamedArray {
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length }, (_, at) => Math.fround(at / 7 - 3));
  return { dtype: 'float32', shape, data };
}

const opened = (tensors: Record<string, NamedArray>) => openSafetensors(encodeSafetensors(tensors));

/** The same file, and the ways in which its arrays were read. */
function watched(file: OpenSafetensors): { file: OpenSafetensors; ways: Set<string> } {
  const ways = new Set<string>();
  return {
    ways,
    file: {
      ...file,
      read: (name) => {
        ways.add('whole');
        return file.read(name);
      },
      slices: (name, options) => {
        ways.add('slices');
        return file.slices(name, options);
      },
    },
  };
}

async function expectTensor(tensor: tf.Tensor, { dtype, shape, data }: NamedArray): Promise<void> {
  expect([tensor.dtype, tensor.shape]).toEqual([dtype, shape]);
  expect(await tensor.data()).toEqual(data);
}

const shapes: readonly (readonly [string, readonly number[]])[] = [
  ['a scalar', []],
  ['a vector', [37]],
  ['a matrix', [29, 3]],
  ['many axes', [5, 2, 3, 2]],
  ['rows larger than a slice', [3, 41]],
  ['one such row', [1, 50]],
  ['no rows', [0, 3]],
  ['rows without numbers', [3, 0]],
];

await describeBackends('tensors', (backend) => {
  beforeAll(poisonMemory);

  /** Whether slices of float32 are put into their rows here: cpu has no kernel for it, and TensorFlow may lack those in C++. */
  const way = (): RegExp => {
    if (backend === 'cpu' || kernelMode() === 'composite') return /^whole$/;
    return backend === 'tensorflow' ? /^(whole|slices)$/ : /^slices$/;
  };

  describe.each([16, 48, 2 ** 24])('in slices of %i bytes', (sliceBytes) => {
    it.each(shapes)('are read as they are in the file: %s', async (_, shape) => {
      const array = floats(shape);
      const { file, ways } = watched(await opened({ array }));
      await expectNoLeak(async () => {
        const tensor = await readTensor(file, 'array', { sliceBytes });
        await expectTensor(tensor, array);
        tensor.dispose();
      });
      const isOne = 4 * array.data.length <= sliceBytes || shape.length === 0;
      expect([...ways].join()).toMatch(isOne ? /^whole$/ : way());
    });

    it.each(shapes)('are read into a variable in its place: %s', async (_, shape) => {
      const array = floats(shape);
      const file = await opened({ array });
      await expectNoLeak(async () => {
        const variable = tf.tidy(() => tf.variable(tf.fill([...shape], 9)));
        const { dataId } = variable;
        const { numDataBuffers } = tf.memory();
        await readIntoVariable(file, 'array', variable, { sliceBytes });
        expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
        if (4 * array.data.length > sliceBytes && shape.length > 0 && way().test('slices')) {
          if (backend !== 'tensorflow') expect(variable.dataId).toBe(dataId);
        }
        await expectTensor(variable, array);
        variable.dispose();
      });
    });

    it.each(shapes)('are written as they are: %s', async (_, shape) => {
      const array = floats(shape);
      await expectNoLeak(async () => {
        const tensor = tf.tensor(array.data as Float32Array, [...shape], 'float32');
        const sliced = tensorSlices(tensor, { sliceBytes });
        expect([sliced.dtype, sliced.shape]).toEqual(['float32', shape]);
        // They can be asked for again.
        for (let time = 0; time < 2; time++) {
          const slices = await collect(sliced.slices as AsyncIterable<Float32Array>);
          expect(slices.flatMap((slice) => [...slice])).toEqual([...array.data]);
          for (const { byteLength } of slices) {
            if (shape.length > 0) expect(byteLength).toBeLessThanOrEqual(sliceBytes);
          }
        }
        tensor.dispose();
      });
    });
  });

  it('leave clones alone when a variable is read into', async () => {
    const file = await opened({ a: floats([9, 2]) });
    await expectNoLeak(async () => {
      const variable = tf.tidy(() => tf.variable(tf.fill([9, 2], 4)));
      const clone = tf.clone(variable);
      await readIntoVariable(file, 'a', variable, { sliceBytes: 16 });
      await expectTensor(variable, floats([9, 2]));
      if (backend !== 'tensorflow')
        expect(await clone.data()).toEqual(new Float32Array(18).fill(4));
      tf.dispose([variable, clone]);
    });
  });

  it('are of each dtype that holds all numbers of the file', async () => {
    const shape = [3];
    const file = await opened({
      int32: { dtype: 'int32', shape, data: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1) },
      int16: { dtype: 'int16', shape, data: Int16Array.of(-32_768, 0, 32_767) },
      int8: { dtype: 'int8', shape, data: Int8Array.of(-128, 0, 127) },
      uint16: { dtype: 'uint16', shape, data: Uint16Array.of(0, 1, 65_535) },
      uint8: { dtype: 'uint8', shape, data: Uint8Array.of(0, 1, 255) },
      bool: { dtype: 'bool', shape, data: Uint8Array.of(0, 1, 1) },
      uint32: { dtype: 'uint32', shape, data: Uint32Array.of(0, 1, 2 ** 32 - 1) },
      int64: { dtype: 'int64', shape, data: BigInt64Array.of(0n, 1n, 2n) },
      uint64: { dtype: 'uint64', shape, data: BigUint64Array.of(0n, 1n, 2n) },
      float64: { dtype: 'float64', shape, data: Float64Array.of(0, 1, 0.1) },
    });
    await expectNoLeak(async () => {
      for (const name of ['int32', 'int16', 'int8', 'uint16', 'uint8', 'bool']) {
        const tensor = await readTensor(file, name, { sliceBytes: 4 });
        expect(tensor.dtype).toBe(name === 'bool' ? 'bool' : 'int32');
        expect([...(await tensor.data())].map(Number)).toEqual(
          [...(await file.read(name)).data].map(Number),
        );
        tensor.dispose();
      }
      for (const name of ['uint32', 'int64', 'uint64', 'float64']) {
        await expect(readTensor(file, name)).rejects.toThrow(
          new CheckpointError(
            `array "${name}" is ${name}, which no tensor holds; read() gives it as a typed array`,
          ),
        );
      }
    });
  });

  it('of half precision are read as float32', async () => {
    const bytes = new Uint8Array(
      await fs.readFile(new URL('golden/every-dtype.safetensors', import.meta.url)),
    );
    const file = await openSafetensors(bytes);
    let halves = 0;
    for (const name of file.names) {
      if (!/f16/i.test(name)) continue;
      halves++;
      const tensor = await readTensor(file, name, { sliceBytes: 4 });
      expect(await tensor.data()).toEqual((await file.read(name)).data);
      tensor.dispose();
    }
    expect(halves).toBe(2);
  });

  it('leave nothing behind where the reading fails or is ended', async () => {
    const whole = await opened({ a: floats([8, 2]) });
    const cut: OpenSafetensors = {
      ...whole,
      read: async () => {
        throw new Error('cut');
      },
      slices: async function* (name, options) {
        yield (await whole.slices(name, options).next()).value as NamedArray;
        throw new Error('cut');
      },
    };
    const options = { sliceBytes: 16 };
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    const ended = { ...options, signal: controller.signal };
    await expectNoLeak(async () => {
      await expect(readTensor(cut, 'a', options)).rejects.toThrow('cut');
      await expect(readTensor(whole, 'a', ended)).rejects.toThrow('enough');
      const variable = tf.tidy(() => tf.variable(tf.fill([8, 2], 4)));
      await expect(readIntoVariable(whole, 'a', variable, ended)).rejects.toThrow('enough');
      expect(await variable.data()).toEqual(new Float32Array(16).fill(4));
      await expect(readIntoVariable(cut, 'a', variable, options)).rejects.toThrow('cut');
      variable.dispose();
    });
  });

  it('name what does not fit', async () => {
    const file = await opened({ a: floats([8, 2]) });
    const bad = { bytes: 1 } as object;
    await expectNoLeak(async () => {
      const variable = tf.tidy(() => tf.variable(tf.fill([2, 8], 4), true, `v ${backend}`));
      await expect(readIntoVariable(file, 'a', variable)).rejects.toThrow(
        new CheckpointError(`array "a" is float32 [8,2]; variable "v ${backend}" is float32 [2,8]`),
      );
      await expect(readIntoVariable(file, 'b', variable)).rejects.toThrow(
        new CheckpointError('the file has no array "b"'),
      );
      await expect(readIntoVariable(file, 'a', variable, bad)).rejects.toThrow(TypeError);
      await expect(readTensor(file, 'a', bad)).rejects.toThrow(
        new TypeError('readTensor has no option "bytes"; it takes sliceBytes, signal'),
      );
      variable.dispose();
      const text = tf.tensor1d(['a']);
      expect(() => tensorSlices(text)).toThrow(
        new CheckpointError('dtype was string; it must be float32, int32 or bool'),
      );
      text.dispose();
    });
  });

  describe('in a file', () => {
    let folder: string;
    let path: string;
    beforeEach(async () => {
      folder = await fs.mkdtemp(join(tmpdir(), 'checkpoint-'));
      path = join(folder, 'model.safetensors');
    });
    afterEach(() => fs.rm(folder, { recursive: true }));

    it('are what was written, beside typed arrays, and can be read back', async () => {
      const table = floats([17, 3]);
      await expectNoLeak(async () => {
        const variable = tf.tidy(() =>
          tf.variable(tf.tensor(table.data as Float32Array, [17, 3], 'float32')),
        );
        const tensors = {
          variable,
          ids: tf.tensor2d(
            [
              [1, -2],
              [3, 4],
            ],
            [2, 2],
            'int32',
          ),
          mask: tf.tensor1d([true, false, true], 'bool'),
          scalar: tf.scalar(2.5),
        };
        const array = floats([2]);
        await writeSafetensors(path, { ...tensors, array }, { of: backend }, { sliceBytes: 40 });
        const expected = {
          variable: table,
          ids: { dtype: 'int32', shape: [2, 2], data: Int32Array.of(1, -2, 3, 4) },
          mask: { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) },
          scalar: { dtype: 'float32', shape: [], data: Float32Array.of(2.5) },
          array,
        } satisfies Record<string, NamedArray>;
        expect(await readSafetensors(path)).toEqual({
          tensors: expected,
          metadata: { of: backend },
          unreadable: {},
        });
        expect(new Uint8Array(await fs.readFile(path))).toEqual(
          encodeSafetensors(expected, { of: backend }),
        );
        const file = await openSafetensorsFile(path);
        const back = await readTensor(file, 'variable', { sliceBytes: 40 });
        await file.close();
        await expectTensor(back, table);
        tf.dispose([back, tensors]);
      });
    });

    it('are not half written where one cannot be read', async () => {
      await writeSafetensors(path, { old: floats([1]) });
      await expectNoLeak(async () => {
        const gone = tf.fill([8, 2], 1);
        const slices = tensorSlices(gone, { sliceBytes: 16 });
        gone.dispose();
        await expect(writeSafetensors(path, { gone: slices })).rejects.toThrow(
          new CheckpointError('the tensor was disposed; it must be alive to be written'),
        );
        await expect(writeSafetensors(path, { gone })).rejects.toThrow('tensor "gone": the tensor');
        const text = tf.tensor1d(['a']);
        await expect(writeSafetensors(path, { text })).rejects.toThrow(
          new CheckpointError('tensor "text": dtype was string; it must be float32, int32 or bool'),
        );
        text.dispose();
      });
      expect((await readSafetensors(path)).tensors).toEqual({ old: floats([1]) });
      expect(await fs.readdir(folder)).toEqual(['model.safetensors']);
    });
  });
});
