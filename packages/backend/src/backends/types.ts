import type { ChosenName } from '../backend-name.ts';

/** A backend that started here. */
export interface ReadyBackend {
  readonly available: true;
  readonly name: ChosenName;
  /** Version of the TensorFlow.js package that it comes from. */
  readonly version: string;
  /** What it computes on, in words. */
  readonly device: string;
  /** It runs on a GPU, and not on one that software plays. */
  readonly hardwareGpu: boolean;
  /** Its GPU is played by software (SwiftShader, llvmpipe, WARP): right, and slower than wasm. */
  readonly softwareGpu: boolean;
  /** What is worse than it should be, where something is, and the command that mends it. */
  readonly warning?: string;
  readonly fix?: string;
}

/** A backend that cannot run here. */
export interface AbsentBackend {
  readonly available: false;
  readonly name: ChosenName;
  readonly reason: string;
  /** The one command or step that mends it, where there is one. */
  readonly fix?: string;
}

export type BackendStatus = ReadyBackend | AbsentBackend;

/** A `.wasm` file of `@tensorflow/tfjs-backend-wasm`, in its folder `dist`. One of them is loaded. */
export type WasmFile =
  | 'tfjs-backend-wasm.wasm'
  | 'tfjs-backend-wasm-simd.wasm'
  | 'tfjs-backend-wasm-threaded-simd.wasm';

export const wasmFiles: readonly WasmFile[] = [
  'tfjs-backend-wasm.wasm',
  'tfjs-backend-wasm-simd.wasm',
  'tfjs-backend-wasm-threaded-simd.wasm',
];

/** The folder that holds the files, or the address of each of them. */
export type WasmPath = string | Readonly<Record<WasmFile, string>>;

/** Settings of single backends. */
export interface BackendOptions {
  /**
   * Where the `.wasm` files of `@tensorflow/tfjs-backend-wasm` are: the URL of their folder in a browser, its path in
   * Node, where only a bundled program needs it; or an address for each of the three by its name, as a bundler gives them that
   * puts a hash into each. Where it is left out and the files are not beside the script,
   * the start fails, and TensorFlow.js takes no path after that until the page reloads or the process restarts.
   */
  readonly wasmPath?: WasmPath;
  /**
   * Threads of the wasm backend, 1 or more; as many as the process has processors where it is left out. With 1, and where a page or a
   * host lets no threads run, it is the build without threads; `warning` then says why. The first start decides, until the page reloads or the process
   * restarts.
   */
  readonly threads?: number;
  /**
   * True lets kernels serve without having been compared with their references on this machine, which saves the comparisons at
   * the first call and gives up that a wrong one is noticed. It holds for all backends of the process, until a later call says false;
   * where none says anything, `NEVEREND_TRUST_KERNELS=1` does.
   */
  readonly trustKernels?: boolean;
}
