import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { useBackend } from '../../src/index.ts';

const wasmFolder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
const fix = 'mend it: pass wasmPath, the folder that holds the .wasm files of';
let folder: string;

beforeAll(async () => {
  tf.env().set('PROD', true);
  folder = await mkdtemp(join(tmpdir(), 'neverend-wasm-'));
});
afterAll(() => rm(folder, { recursive: true }));

// The tests run in this order: TensorFlow.js takes no other path after it has started.
it('names the file that a wrong wasmPath has not, and what mends it', async () => {
  const failure = useBackend('wasm', { wasmPath: join(folder, 'nowhere') });
  await expect(failure).rejects.toThrow(join(folder, 'nowhere/tfjs-backend-wasm'));
  await expect(failure).rejects.toThrow(fix);
});

it('does not take a web page that a server sends for every address for the file', async () => {
  for (const kind of ['', '-simd', '-threaded-simd']) {
    await writeFile(join(folder, `tfjs-backend-wasm${kind}.wasm`), '<!doctype html>');
  }
  const failure = useBackend('wasm', { wasmPath: `${pathToFileURL(folder).href}/` });
  await expect(failure).rejects.toThrow('it is no WebAssembly file');
  await expect(failure).rejects.toThrow(fix);
});

it('takes an address for each of the three files, and names those that are missing', async () => {
  const addresses = {
    'tfjs-backend-wasm.wasm': join(folder, 'plain.a1b2.wasm'),
    'tfjs-backend-wasm-simd.wasm': join(folder, 'simd.c3d4.wasm'),
    'tfjs-backend-wasm-threaded-simd.wasm': join(folder, 'threaded.e5f6.wasm'),
  };
  const { 'tfjs-backend-wasm-simd.wasm': _, ...some } = addresses;
  const failure = useBackend('wasm', { wasmPath: some as typeof addresses });
  await expect(failure).rejects.toThrow('the addresses of tfjs-backend-wasm-simd.wasm');
  const led = useBackend('wasm', { wasmPath: addresses, threads: 1 });
  await expect(led).rejects.toThrow(`wasmPath led to ${join(folder, 'simd.c3d4.wasm')}`);
});

it('starts from the right wasmPath after a wrong one, with or without a slash at its end', async () => {
  expect(await useBackend('wasm', { wasmPath: wasmFolder })).toMatchObject({ name: 'wasm' });
  expect([...(await tf.add(tf.ones([2]), 1).data())]).toEqual([2, 2]);
});

it('does not look at wasmPath once the backend runs', async () => {
  await useBackend('cpu');
  expect(await useBackend('wasm', { wasmPath: '/nowhere/' })).toMatchObject({ name: 'wasm' });
});

it('says that a backend that was removed cannot come back', async () => {
  await useBackend('cpu');
  tf.removeBackend('wasm');
  await expect(useBackend('wasm')).rejects.toThrow(
    'it was removed (tf.removeBackend), and its package registers it only once',
  );
});
