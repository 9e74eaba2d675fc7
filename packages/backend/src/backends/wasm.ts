import * as tf from '@tensorflow/tfjs-core';
import { absentPackage, select } from './select.ts';
import type { BackendOptions, BackendStatus } from './types.ts';

export async function startWasm({ wasmPath }: BackendOptions): Promise<BackendStatus> {
  const specifier = '@tensorflow/tfjs-backend-wasm';
  try {
    const wasm = await import('@tensorflow/tfjs-backend-wasm');
    if (wasmPath !== undefined) wasm.setWasmPaths(wasmPath);
    await select('wasm');
    const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
    const threads = (await tf.env().getAsync('WASM_HAS_MULTITHREAD_SUPPORT'))
      ? wasm.getThreadsCount()
      : 1;
    const device = `CPU, WebAssembly${simd === true ? ' SIMD' : ''}, ${threads} thread${threads === 1 ? '' : 's'}`;
    return {
      available: true,
      name: 'wasm',
      version: wasm.version_wasm,
      device,
      hardwareGpu: false,
      softwareGpu: false,
    };
  } catch (error) {
    return absentPackage('wasm', specifier, error);
  }
}
