import { startCpu } from './cpu.ts';
import { startTensorflow } from './tensorflow.ts';
import type { BackendName, BackendOptions, BackendStatus } from './types.ts';
import { startWasm } from './wasm.ts';
import { startWebgpu } from './webgpu.ts';

/** Loads a backend's package and makes it the current one, or says why that cannot be. */
export type Start = (options: BackendOptions) => Promise<BackendStatus>;

/** What starts each backend. */
export const starts: Readonly<Record<BackendName, Start>> = {
  tensorflow: () => startTensorflow(),
  webgpu: startWebgpu,
  wasm: startWasm,
  cpu: startCpu,
};
