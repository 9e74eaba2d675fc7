import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { nameSoftwareGpu } from '../../src/backends/software-gpu.ts';

const swiftshader = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** /etc may hold drivers of a machine with a GPU, and no variable moves it. */
const drivers = existsSync('/etc/vulkan/icd.d') ? readdirSync('/etc/vulkan/icd.d') : [];
const here = existsSync(swiftshader) && drivers.length === 0;
const required = (process.env['NEVEREND_REQUIRE'] ?? '').split(',').includes('webgpu');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'neverend-vulkan-'));
  for (const name of ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES']) {
    vi.stubEnv(name, undefined);
  }
  for (const name of ['XDG_CONFIG_HOME', 'XDG_CONFIG_DIRS', 'XDG_DATA_HOME', 'XDG_DATA_DIRS']) {
    vi.stubEnv(name, folder);
  }
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

it.runIf(here)('names SwiftShader where there is no Vulkan driver', () => {
  nameSoftwareGpu();
  expect(process.env['VK_ICD_FILENAMES']).toBe(swiftshader);
});

it('names none where there is a driver, which may be that of a GPU', () => {
  addDriver();
  expect(nameSoftwareGpu()).toBe(false);
  expect(process.env['VK_ICD_FILENAMES']).toBeUndefined();
});

it.runIf(here)('names SwiftShader beside a driver that has found no GPU, once', () => {
  addDriver();
  expect(nameSoftwareGpu({ besideDrivers: true })).toBe(true);
  expect(process.env['VK_ICD_FILENAMES']).toBe(swiftshader);
  expect(nameSoftwareGpu({ besideDrivers: true })).toBe(false);
});

it.runIf(here && required)(
  'lets webgpu start where no driver finds a GPU',
  () => {
    addDriver();
    const program =
      "const { useBackend } = await import('@neverend/backend'); console.log(await useBackend('webgpu'));";
    const flags = ['--import', 'tsx', '--conditions=@neverend/source', '--input-type=module'];
    const choice = execFileSync(process.execPath, [...flags, '--eval', program], {
      cwd: fileURLToPath(new URL('.', import.meta.url)),
      encoding: 'utf8',
      stdio: 'pipe',
      timeout: 50_000,
    });
    expect(choice).toMatch(/device: '.*SwiftShader/);
  },
  60_000,
);

function addDriver(): void {
  mkdirSync(join(folder, 'vulkan', 'icd.d'), { recursive: true });
  writeFileSync(join(folder, 'vulkan', 'icd.d', 'nvidia_icd.json'), '{}');
}

it.each(['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'VK_ADD_DRIVER_FILES'])(
  'leaves alone what the user says in %s',
  (name) => {
    vi.stubEnv(name, '/dev/null');
    nameSoftwareGpu();
    expect(process.env['VK_ICD_FILENAMES']).toBe(
      name === 'VK_ICD_FILENAMES' ? '/dev/null' : undefined,
    );
  },
);
