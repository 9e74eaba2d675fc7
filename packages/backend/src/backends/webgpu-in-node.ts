import * as tf from '@tensorflow/tfjs-core';
import { importInNode } from '../platform.ts';
import { nameSoftwareGpu, shareDriverVariables } from './software-gpu.ts';

interface Dawn {
  /** Dawn ends with the last reference to it, under a backend that still computes. */
  readonly gpu: GPU;
  /** GPUBufferUsage and the like. */
  readonly globals: object;
}

/**
 * WGSL has it that a workgroup's memory begins as zeros. The extension that Dawn would ask for them costs SwiftShader about 1 ms
 * of compilation for every number, so 4 s for 16 KiB; a loop in the shader costs nothing that one could measure.
 */
const zeroesInLoops = 'disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension';

let dawn: Dawn | undefined;
let ownNavigator: object | undefined;

/** Puts Dawn's WebGPU where TensorFlow.js looks for it. Must come before its backend is imported. */
export async function provideWebgpuInNode(): Promise<void> {
  dawn ??= await startDawn();
  const { gpu, globals } = dawn;
  Object.assign(globalThis, globals);
  if (globalThis.navigator === undefined) {
    // Node 21 and later have a navigator, with this field.
    ownNavigator = { gpu, userAgent: `Node.js/${process.versions.node.split('.', 1)[0]}` };
    Object.defineProperty(globalThis, 'navigator', { value: ownNavigator, configurable: true });
  } else {
    Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  }
}

/** Takes back what `provideWebgpuInNode` defined: other libraries would think that they are in a browser. */
export function withdrawWebgpuInNode(): void {
  if (dawn === undefined || globalThis.navigator?.gpu !== dawn.gpu) return;
  if (globalThis.navigator === ownNavigator) Reflect.deleteProperty(globalThis, 'navigator');
  else Reflect.deleteProperty(globalThis.navigator, 'gpu');
  // A backend that has started may hold tensors, and reads these whenever it computes.
  if ('webgpu' in tf.engine().registry) return;
  for (const name of Object.keys(dawn.globals)) Reflect.deleteProperty(globalThis, name);
}

async function startDawn(): Promise<Dawn> {
  const { create, globals } = (await importInNode('webgpu')) as {
    create: (flags: string[]) => GPU;
    globals: object;
  };
  nameSoftwareGpu();
  await shareDriverVariables();
  const gpu = create([zeroesInLoops]);
  // Drivers without a GPU of theirs, as Mesa's are on a server, are no better than none.
  if ((await gpu.requestAdapter()) !== null || !nameSoftwareGpu({ besideDrivers: true })) {
    return { gpu, globals };
  }
  await shareDriverVariables();
  return { gpu: create([zeroesInLoops]), globals };
}
