import type { ChosenName } from '../backend-name.ts';
import { LONGEST, within } from '../patience.ts';
import { startCpu } from './cpu.ts';
import { abandon, absent, allow } from './select.ts';
import { startTensorflow } from './tensorflow.ts';
import type { BackendOptions, BackendStatus } from './types.ts';
import { startWasm } from './wasm.ts';
import { startWebgl } from './webgl.ts';
import { startWebgpu } from './webgpu.ts';

/** Loads a backend's package and makes it the current one, or says why that cannot be. */
export type Start = (options: BackendOptions) => Promise<BackendStatus>;

/** What starts each backend. */
export const starts: Readonly<Record<ChosenName, Start>> = {
  tensorflow: bounded('tensorflow', () => startTensorflow()),
  webgpu: bounded('webgpu', startWebgpu),
  wasm: bounded('wasm', startWasm),
  cpu: bounded('cpu', startCpu),
  webgl: bounded('webgl', startWebgl),
};

/** A start that ends, one way or the other; `longest` is an argument for the sake of tests. */
export function bounded(name: ChosenName, start: Start, longest: number = LONGEST): Start {
  return async (options) => {
    allow(name);
    const failure = new Error(`it did not start within ${longest / 1000} s`);
    try {
      return await within(longest, failure, start(options));
    } catch (error) {
      if (error !== failure) throw error;
      abandon(name);
      return absent(name, failure.message);
    }
  };
}
