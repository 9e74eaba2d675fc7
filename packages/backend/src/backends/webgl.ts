import * as tf from '@tensorflow/tfjs-core';
import { isNode } from '../platform.ts';
import { absent, absentPackage, select } from './select.ts';
import type { BackendStatus } from './types.ts';
import { isSoftwareAdapter } from './webgpu.ts';

/** Everything runs on it, by composites alone. */
export async function startWebgl(): Promise<BackendStatus> {
  if (isNode) return absent('webgl', 'it exists in browsers only');
  const specifier = '@tensorflow/tfjs-backend-webgl';
  try {
    const { version_webgl: version } = await import('@tensorflow/tfjs-backend-webgl');
    await select('webgl');
    const { gl } = (tf.backend() as unknown as { gpgpu: { gl: WebGLRenderingContext } }).gpgpu;
    const names = gl.getExtension('WEBGL_debug_renderer_info');
    const device = String(gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
    const softwareGpu = isSoftwareAdapter(device);
    return {
      available: true,
      name: 'webgl',
      version,
      device,
      hardwareGpu: !softwareGpu,
      softwareGpu,
    };
  } catch (error) {
    return absentPackage('webgl', specifier, error);
  }
}
