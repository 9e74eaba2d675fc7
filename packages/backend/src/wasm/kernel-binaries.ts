/**
 * One set of kernels, compiled four times: WebAssembly refuses to share its memory where the module does not say
 * so, and a host that has no relaxed SIMD refuses a module that uses it. Each is base64.
 */
export interface KernelBinaries<Exports> {
  readonly plain: string;
  readonly relaxed: string;
  readonly sharedPlain: string;
  readonly sharedRelaxed: string;
  /** What the binaries export; only its type is there. */
  readonly exports?: Exports;
}
