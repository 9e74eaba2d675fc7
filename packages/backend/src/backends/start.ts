import * as tf from '@tensorflow/tfjs-core';
import { importInNode, isNode, isNotInstalled, reasonOf } from './platform.ts';
import type { AbsentBackend, BackendName, BackendOptions, BackendStatus } from './types.ts';

/** Loads a backend's package and makes it the current one, or says why that cannot be. */
export type Start = (options: BackendOptions) => Promise<BackendStatus>;

/** What starts each backend. */
export const starts: Readonly<Record<BackendName, Start>> = {
  tensorflow: startTensorflow,
  webgpu: startWebgpu,
  wasm: startWasm,
  cpu: startCpu,
};

function absent(name: BackendName, reason: string, fix?: string): AbsentBackend {
  return { available: false, name, reason, ...(fix === undefined ? {} : { fix }) };
}

/** `tf.setBackend` answers false, and logs, where a backend's factory fails. */
async function select(name: BackendName): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js could not initialise "${name}"`);
}

function absentPackage(name: BackendName, specifier: string, error: unknown): AbsentBackend {
  return isNotInstalled(error, specifier)
    ? absent(name, `${specifier} is not installed`, `npm install ${specifier}`)
    : absent(name, `${specifier} could not be loaded: ${reasonOf(error)}`);
}

async function startCpu(): Promise<BackendStatus> {
  const specifier = '@tensorflow/tfjs-backend-cpu';
  try {
    const { version_cpu: version } = await import('@tensorflow/tfjs-backend-cpu');
    await select('cpu');
    const device = 'JavaScript on the CPU';
    return {
      available: true,
      name: 'cpu',
      version,
      device,
      hardwareGpu: false,
      softwareGpu: false,
    };
  } catch (error) {
    return absentPackage('cpu', specifier, error);
  }
}

async function startWasm({ wasmPath }: BackendOptions): Promise<BackendStatus> {
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

/** Adapters that compute on the CPU. */
const softwareAdapters = /swiftshader|llvmpipe|lavapipe|software|basic render|warp/i;

async function startWebgpu(): Promise<BackendStatus> {
  if (isNode && globalThis.navigator?.gpu === undefined) {
    try {
      await provideWebgpuInNode();
    } catch (error) {
      return absentPackage('webgpu', 'webgpu', error);
    }
  }
  const gpu = globalThis.navigator?.gpu;
  if (gpu === undefined) return absent('webgpu', 'this browser has no WebGPU (navigator.gpu)');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) {
    return absent(
      'webgpu',
      'no GPU adapter was found',
      isNode
        ? 'install a Vulkan driver, and set VK_ICD_FILENAMES where it is not found'
        : undefined,
    );
  }
  try {
    const { version_webgpu: version } = (await import('@tensorflow/tfjs-backend-webgpu')) as {
      version_webgpu?: string;
    };
    await select('webgpu');
    const { info } = adapter;
    const parts = [info.vendor, info.architecture, info.device, info.description];
    const device = [...new Set(parts.filter((part) => part !== ''))].join(' ');
    const fallback = 'isFallbackAdapter' in info && info.isFallbackAdapter === true;
    const softwareGpu = fallback || softwareAdapters.test(device);
    return {
      available: true,
      name: 'webgpu',
      version: version ?? tf.version_core,
      device: device === '' ? 'unnamed adapter' : device,
      hardwareGpu: !softwareGpu,
      softwareGpu,
    };
  } catch (error) {
    return absentPackage('webgpu', '@tensorflow/tfjs-backend-webgpu', error);
  }
}

/** Puts Dawn's WebGPU where TensorFlow.js looks for it. Must come before its backend is imported. */
async function provideWebgpuInNode(): Promise<void> {
  const { create, globals } = (await importInNode('webgpu')) as {
    create: (flags: string[]) => unknown;
    globals: object;
  };
  Object.assign(globalThis, globals);
  const gpu = create([]);
  if (globalThis.navigator === undefined) {
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  } else {
    // Node 21 and later have a navigator of their own.
    Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  }
}

async function startTensorflow(): Promise<BackendStatus> {
  const fix = 'npm install @tensorflow/tfjs-node';
  if (!isNode) return absent('tensorflow', 'it exists in Node only');
  let failure: AbsentBackend | undefined;
  for (const specifier of ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node']) {
    try {
      const { default: node } = (await importInNode(specifier)) as {
        default: { version: Readonly<Record<string, string>> };
      };
      await select('tensorflow');
      const backend = tf.backend() as { isUsingGpuDevice?: boolean };
      const cuda = backend.isUsingGpuDevice === true;
      return {
        available: true,
        name: 'tensorflow',
        version: node.version['tfjs-node'] ?? tf.version_core,
        device: cuda ? 'NVIDIA GPU, CUDA' : 'CPU, libtensorflow',
        hardwareGpu: cuda,
        softwareGpu: false,
      };
    } catch (error) {
      // A package that is installed and broken tells more than one that is not there.
      if (!isNotInstalled(error, specifier))
        failure ??= absentPackage('tensorflow', specifier, error);
    }
  }
  return (
    failure ??
    absent(
      'tensorflow',
      'neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed',
      fix,
    )
  );
}
