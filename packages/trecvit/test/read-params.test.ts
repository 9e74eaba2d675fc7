import { readFile } from 'node:fs/promises';
import { useBackend } from '@neverend/backend';
import { CheckpointError, encodeSafetensors, type NamedArray, openNpz } from '@neverend/checkpoint';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { officialConstants, paramShapes, readParams, type TRecViTConfig } from '../src/index.ts';

/** That of the golden file, whose arrays beside the parameters are of another place. */
const config: TRecViTConfig = {
  ...officialConstants,
  ...{ layers: 2, width: 32, mlpWidth: 64, heads: 2, lruWidth: 64, gateBlocks: 2, minRadius: 0.5 },
  ...{ imageSize: [32, 32], headWidth: 48, classes: 5, frames: 6 },
};
const golden = new URL('golden/trecvit.npz', import.meta.url);

beforeAll(async () => {
  await useBackend('cpu');
});

/** The parameters of the golden file as a safetensors file, with some changed. */
async function safetensors(
  changes: Record<string, NamedArray | undefined> = {},
): Promise<Uint8Array> {
  const npz = await openNpz(await readFile(golden));
  const arrays: Record<string, NamedArray> = {};
  for (const name of npz.names) {
    if (!name.startsWith('__') && name !== 'notes.json') arrays[name] = await npz.read(name);
  }
  for (const [name, array] of Object.entries(changes)) {
    if (array === undefined) delete arrays[name];
    else arrays[name] = array;
  }
  return encodeSafetensors(arrays);
}

describe('readParams', () => {
  it('reads every parameter of the official names, tells how far it is, and leaks nothing', async () => {
    const before = tf.memory().numTensors;
    const seen: number[] = [];
    const file = await safetensors();
    const params = await readParams(new Blob([file as Uint8Array<ArrayBuffer>]), config, {
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(Object.keys(params).sort()).toEqual(Object.keys(paramShapes(config)).sort());
    const expected = await (await openNpz(await readFile(golden))).read('decoder/cls_head/kernel');
    expect(await params['decoder/cls_head/kernel']?.data()).toEqual(expected.data);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    tf.dispose(params);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes float64, and names of JavaScript for unknown ones', async () => {
    const bias = Float64Array.from({ length: 5 }, (_, at) => at);
    const file = await safetensors({
      'decoder/cls_head/bias': { dtype: 'float64', shape: [5], data: bias },
    });
    const params = await readParams(file, config);
    expect([...((await params['decoder/cls_head/bias']?.data()) ?? [])]).toEqual([...bias]);
    tf.dispose(params);
    const one: NamedArray = { dtype: 'float32', shape: [1], data: Float32Array.of(1) };
    const named = await safetensors(Object.fromEntries([['constructor', one]]));
    await expect(readParams(named, config)).rejects.toThrow(
      'the checkpoint had what the model does not know: constructor',
    );
  });

  it('names all that does not fit at once, and leaks nothing', async () => {
    const before = tf.memory().numTensors;
    const file = await safetensors({
      'tokenizer/cls': undefined,
      'decoder/other/kernel': { dtype: 'float32', shape: [1], data: Float32Array.of(1) },
      'encoder/encoder_norm/bias': { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) },
    });
    const reading = readParams(file, config);
    await expect(reading).rejects.toThrow(CheckpointError);
    await expect(reading).rejects.toThrow(
      'the checkpoint lacked tokenizer/cls; it had what the model does not know: decoder/other/kernel; it had other shapes or types: encoder/encoder_norm/bias [2], which must be [32]',
    );
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads an .npz file, and says what it has beside parameters', async () => {
    await expect(readParams(await readFile(golden), config)).rejects.toThrow(
      /^the checkpoint had what the model does not know: [^;]*__in\/video[^;]*$/,
    );
  });

  it('stops where it is told to', async () => {
    const controller = new AbortController();
    const reading = readParams(await safetensors(), config, {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(reading).rejects.toThrow('enough');
  });

  it('says of a file that is neither that it is none', async () => {
    await expect(readParams(new Uint8Array(3), config)).rejects.toThrow(CheckpointError);
  });
});
