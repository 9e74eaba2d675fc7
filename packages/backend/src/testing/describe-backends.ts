import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, it } from 'vitest';
import { type BackendName, backendNames } from '../backend-name.ts';
import { starts } from '../backends/start.ts';
import type { BackendStatus } from '../backends/types.ts';
import { trustKernels } from '../kernels/define-kernel.ts';
import { useBackend } from '../use-backend.ts';

/** The absent backends that a person has heard of. */
const named = new Set<BackendName>(listed('NEVEREND_ABSENT'));

/**
 * Runs a suite once per backend that this machine has, with that backend current. Call it with `await` at
 * the top level of a test file.
 *
 * An absent backend is named on a line of its own on stderr, once a process, and shows as skipped; it fails the file where
 * `NEVEREND_REQUIRE` (a comma-separated list) asks for it. `NEVEREND_BACKENDS` limits the suite to some;
 * `NEVEREND_ABSENT` lists those whose absence was named before, for all files.
 * wasm runs on one thread, or as many as `NEVEREND_THREADS` says.
 * Without a GPU, WebGPU runs on SwiftShader where Debian's Chromium is installed. A test after which the
 * GPU reports an error that nobody caught fails.
 *
 * @param on the backends that the suite is about, where it is not about all.
 * @throws Error when one of the variables names no backend, or the first two contradict each other.
 */
export async function describeBackends(
  title: string,
  suite: (backend: BackendName) => void,
  on: readonly BackendName[] = backendNames,
): Promise<void> {
  const wanted = listed('NEVEREND_BACKENDS') ?? backendNames;
  const required = listed('NEVEREND_REQUIRE') ?? [];
  const leftOut = required.find((name) => !wanted.includes(name));
  if (leftOut)
    throw new Error(`NEVEREND_REQUIRE names ${leftOut}, which NEVEREND_BACKENDS leaves out`);

  // Keeps TensorFlow.js' advertisement for its Node backend out of the output. Its test mode would do so too,
  // but takes the copies that wasm makes of what a gradient saved for leaks.
  tf.env().set('PROD', true);
  // Many test files run side by side; one thread each is faster than all of them in each.
  const threads = Number(process.env['NEVEREND_THREADS'] ?? 1);
  const statuses: [BackendName, BackendStatus][] = [];
  for (const name of on) {
    if (wanted.includes(name)) statuses.push([name, await starts[name]({ threads })]);
    // A file without a suite would be an error.
    else if (on.length < backendNames.length)
      describe.skip(`${title} on ${name} (left out)`, () => suite(name));
  }
  for (const [name, status] of statuses) {
    if (status.available) {
      describe(`${title} on ${name}`, () => {
        beforeAll(async () => {
          await useBackend(name);
          // Otherwise stock kernels compute small tensors in JavaScript, and nothing of WebGPU is tested.
          if (name === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
          trustKernels();
        });
        if (name === 'webgpu') failOnGpuErrors();
        suite(name);
      });
      continue;
    }
    const absence = `backend ${name} is absent: ${status.reason}`;
    if (!named.has(name)) process.stderr.write(`${absence}\n`);
    named.add(name);
    if (required.includes(name)) {
      describe(`${title} on ${name}`, () => {
        it('runs here, as NEVEREND_REQUIRE demands', () => {
          throw new Error(absence);
        });
      });
    } else describe.skip(`${title} on ${name} (absent: ${status.reason})`, () => suite(name));
  }
}

/**
 * The backends of a suite about a function that is made of operations which have tests of their own on webgpu: without that one, as a
 * GPU in software takes its time, unless `long` is set.
 */
export const webgpuIfLong = (long: string | undefined): readonly BackendName[] =>
  long ? backendNames : backendNames.filter((name) => name !== 'webgpu');

/** The backends that an environment variable lists. */
export function listed(variable: string): BackendName[] | undefined {
  const text = process.env[variable]?.trim();
  if (!text) return undefined;
  return text.split(',').map((part) => {
    const name = backendNames.find((known) => known === part.trim());
    if (name) return name;
    const names = backendNames.join(', ');
    throw new Error(
      `${variable} names ${JSON.stringify(part.trim())}; it must list some of ${names}`,
    );
  });
}

/** Validation errors and a lost device otherwise only leave wrong numbers behind. */
function failOnGpuErrors(): void {
  const errors: string[] = [];
  let device: GPUDevice;
  beforeAll(() => {
    ({ device } = tf.backend() as unknown as { device: GPUDevice });
    device.addEventListener('uncapturederror', ({ error }) => errors.push(error.message));
    void device.lost.then(({ message }) => errors.push(`the device was lost: ${message}`));
  });
  afterEach(async () => {
    await device.queue.onSubmittedWorkDone();
    const [first] = errors.splice(0);
    if (first !== undefined) throw new Error(`the GPU reported an error: ${first}`);
  });
}
