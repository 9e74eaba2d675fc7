/**
 * The script of a page that holds operations against their references on one backend.
 *
 * @module
 */

import '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import {
  type ChosenName,
  type KernelStatus,
  kernelStatuses,
  registerStockFixes,
  useBackend,
} from '../index.ts';
import { trustKernels } from '../kernels/define-kernel.ts';
import type { NamedCase } from './op-case.ts';
import { poisonMemory } from './poison-memory.ts';

export interface PageReport {
  readonly backend: string;
  /** Whether the memory of the wasm backend is shared with workers; undefined on other backends. */
  readonly shared: boolean | undefined;
  /** The cases that agreed with their references. */
  readonly passed: readonly string[];
  readonly failures: readonly string[];
  readonly kernels: readonly KernelStatus[];
}

/** On `webgl` composites serve. */
export type PageBackend = ChosenName;

async function start(name: PageBackend): Promise<void> {
  if (name === 'webgl') {
    await tf.setBackend('webgl');
    registerStockFixes();
  } else await useBackend(name, { wasmPath: '/wasm/' });
  // Otherwise stock kernels compute small tensors in JavaScript.
  if (name === 'webgpu' || name === 'webgl') {
    tf.env().set(`${name.toUpperCase()}_CPU_FORWARD`, false);
  }
  // The references below say more than composites, which `expectKernelsAgree` holds the WGSL against.
  if (name === 'webgpu') trustKernels();
}

/** Makes the page's global `run`, which holds the cases on a backend. */
export function defineRun(cases: readonly NamedCase[]): void {
  const run = async (name: PageBackend): Promise<PageReport> => {
    await start(name);
    const kernels = await kernelStatuses();
    const failures: string[] = [];
    const passed: string[] = [];
    for (const { name: title, check } of cases) {
      poisonMemory();
      try {
        await check();
        passed.push(title);
      } catch (error) {
        failures.push(`${title}: ${(error as Error).message}`);
      }
    }
    const { wasm } = tf.backend() as unknown as { wasm?: { wasmMemory?: WebAssembly.Memory } };
    const shared =
      wasm &&
      Object.prototype.toString.call(wasm.wasmMemory?.buffer) === '[object SharedArrayBuffer]';
    return { backend: tf.getBackend(), shared, passed, failures, kernels };
  };
  Object.assign(globalThis, { run });
}
