// The script of the page: operations against their references on one backend, in a browser.
import '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import {
  type BackendName,
  type KernelStatus,
  kernelStatuses,
  useBackend,
} from '../../src/index.ts';
import { trustKernels } from '../../src/kernels/define-kernel.ts';
import { expectLikeReference } from '../../src/testing/op-case.ts';
import { poisonMemory } from '../../src/testing/poison-memory.ts';
import { opCases } from '../op-cases.ts';

export interface PageReport {
  readonly backend: string;
  /** Whether the memory of the wasm backend is shared with workers; undefined on other backends. */
  readonly shared: boolean | undefined;
  /** How many cases agreed with their references. */
  readonly passed: number;
  readonly failures: readonly string[];
  readonly kernels: readonly KernelStatus[];
}

/** `webgl` is a backend that the package does not know: composites serve. */
export type PageBackend = BackendName | 'webgl';

async function run(name: PageBackend): Promise<PageReport> {
  if (name === 'webgl') await tf.setBackend('webgl');
  else await useBackend(name, { wasmPath: '/wasm/' });
  // Otherwise stock kernels compute small tensors in JavaScript.
  if (name === 'webgpu' || name === 'webgl') {
    tf.env().set(`${name.toUpperCase()}_CPU_FORWARD`, false);
  }
  // The references below say more than composites; Node holds the WGSL against those.
  if (name === 'webgpu') trustKernels();
  const kernels = await kernelStatuses();
  const failures: string[] = [];
  let passed = 0;
  for (const { name: title, makeCase } of opCases) {
    poisonMemory();
    try {
      await expectLikeReference(makeCase());
      passed++;
    } catch (error) {
      failures.push(`${title}: ${(error as Error).message}`);
    }
  }
  const { wasm } = tf.backend() as unknown as { wasm?: { wasmMemory?: WebAssembly.Memory } };
  const shared =
    wasm &&
    Object.prototype.toString.call(wasm.wasmMemory?.buffer) === '[object SharedArrayBuffer]';
  return { backend: tf.getBackend(), shared, passed, failures, kernels };
}

Object.assign(globalThis, { run });
