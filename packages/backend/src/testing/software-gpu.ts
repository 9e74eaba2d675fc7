import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where Debian's Chromium keeps the description of SwiftShader, a Vulkan driver in software. */
const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/**
 * Lets WebGPU tests run on a machine without a GPU: names SwiftShader as the Vulkan driver where none is
 * named. Must run before Dawn loads.
 */
export function useSoftwareGpu(): void {
  if (process.env['VK_ICD_FILENAMES'] === undefined && existsSync(swiftshader)) {
    process.env['VK_ICD_FILENAMES'] = swiftshader;
  }
  if (process.env['XDG_RUNTIME_DIR'] === undefined) {
    const folder = join(tmpdir(), `neverend-runtime-${process.getuid?.() ?? 0}`);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    process.env['XDG_RUNTIME_DIR'] = folder;
  }
}
