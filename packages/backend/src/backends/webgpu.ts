import * as tf from '@tensorflow/tfjs-core';
import { isNode } from '../platform.ts';
import { absent, absentPackage, select } from './select.ts';
import type { BackendStatus, ReadyBackend } from './types.ts';
import { provideWebgpuInNode } from './webgpu-in-node.ts';

/** Adapters that compute on the CPU. */
const softwareAdapters = /swiftshader|llvmpipe|lavapipe|software|basic render|\bwarp\b/i;
export const isSoftwareAdapter = (name: string): boolean => softwareAdapters.test(name);

export async function startWebgpu(): Promise<BackendStatus> {
  if (isNode && globalThis.navigator?.gpu === undefined) {
    try {
      await provideWebgpuInNode();
    } catch (error) {
      return absentPackage('webgpu', 'webgpu', error);
    }
  }
  const gpu = globalThis.navigator?.gpu;
  if (gpu === undefined) return absent('webgpu', 'this browser has no WebGPU (navigator.gpu)');
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (adapter === null) {
      const fix =
        'install a Vulkan driver of the GPU, and name it in VK_ICD_FILENAMES where it is not found';
      return absent('webgpu', 'no GPU adapter was found', isNode ? fix : undefined);
    }
    await import('@tensorflow/tfjs-backend-webgpu');
    if (tf.findBackendFactory('webgpu') === null) {
      return absent(
        'webgpu',
        '@tensorflow/tfjs-backend-webgpu was imported before WebGPU was there, and did not register',
        'leave its import to useBackend',
      );
    }
    await select('webgpu');
    const { device } = tf.backend() as unknown as { device: { adapterInfo?: AdapterInfo } };
    return { ...describeAdapter(device.adapterInfo ?? adapter.info), version: tf.version_core };
  } catch (error) {
    return absentPackage('webgpu', '@tensorflow/tfjs-backend-webgpu', error);
  }
}

interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

/** What browsers and drivers tell of a GPU; browsers leave out most of it. */
export function describeAdapter(info: AdapterInfo): Omit<ReadyBackend, 'version'> {
  const parts = [info.vendor, info.architecture, info.device, info.description];
  const device = [...new Set(parts.filter(Boolean))].join(' ');
  const softwareGpu = info.isFallbackAdapter === true || isSoftwareAdapter(device);
  return {
    available: true,
    name: 'webgpu',
    device: device === '' ? 'a GPU that does not tell its name' : device,
    hardwareGpu: !softwareGpu,
    softwareGpu,
  };
}
