import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { useBackend } from '../../src/index.ts';

beforeAll(() => {
  tf.env().set('PROD', true);
  process.env['VK_ICD_FILENAMES'] = '/dev/null';
  process.env['VK_DRIVER_FILES'] = '/dev/null';
});

it.runIf(process.platform === 'linux')(
  'leaves nothing of WebGPU where no GPU is found',
  async () => {
    const before = Object.getOwnPropertyNames(globalThis);
    await expect(useBackend('webgpu')).rejects.toThrow('cannot run here: no GPU adapter was found');
    expect(globalThis.navigator?.gpu).toBeUndefined();
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(before);
  },
);
