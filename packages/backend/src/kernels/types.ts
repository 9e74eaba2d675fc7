import type { KernelBackend, Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendName } from '../backend-name.ts';

/** Tensors by the names that the kernel gives them. */
export type KernelInputs = Readonly<Record<string, Tensor>>;

/** Numbers, strings, booleans and lists of them: what decides a kernel's result beside its inputs. */
export type KernelAttrs = Readonly<Record<string, number | string | boolean | readonly number[]>>;

/** One call of a kernel. */
export interface KernelCall<I, A> {
  readonly inputs: I;
  readonly attrs: A;
}

/** Makes a call to compare on: fresh tensors with the same numbers each time. */
export interface KernelCase<A> {
  (): KernelCall<KernelInputs, A>;
  /** Numbers in its inputs, and its attributes, so that it need not be made to be left out. */
  readonly size?: number;
  readonly attrs?: A;
}

/** A kernel written for one backend. */
export interface BackendKernel<I, A> {
  /** Why it cannot run on this machine, in words; undefined where it can. Asked once per process. */
  readonly unavailable?: () => string | undefined;
  /**
   * False for a call that is the composite's: it then serves in every mode, and no comparison is made. Default: the backend kernel supports
   * all.
   */
  readonly supports?: (call: KernelCall<I, A>) => boolean;
  /**
   * Computes the outputs, in the composite's order, shapes and dtypes. An output may share an input's
   * `dataId` where the kernel writes in place; it must then count one more reference (`incRef`).
   */
  readonly compute: (call: KernelCall<I, A> & { readonly backend: KernelBackend }) => TensorInfo[];
  /** Largest difference from the composite over the composite's scale. Default: that of the backend. */
  readonly tolerance?: number;
}

/** The backward pass of a kernel, out of tf operations and other kernels: once, for every backend kernel. */
export interface KernelGradient<I, A> {
  readonly saveInputs?: readonly (keyof I & string)[];
  /** Which outputs are saved, by position. */
  readonly saveOutputs?: readonly boolean[];
  /**
   * @param dys one gradient per output, zeros for those that nothing used.
   * @param saved the saved inputs, then the saved outputs.
   * @returns for each differentiable input a function that makes its gradient, in its shape.
   */
  readonly backward: (
    dys: readonly Tensor[],
    saved: readonly Tensor[],
    attrs: A,
  ) => Partial<Record<keyof I & string, () => Tensor>>;
}

/** An operation that backends may have their own kernels for. */
export interface KernelDefinition<I extends KernelInputs, A extends KernelAttrs> {
  /** Unique in the process, and globally: TensorFlow.js has one registry. */
  readonly name: string;
  /** Defines what the kernel computes, out of tf operations, on any backend. Must not dispose its inputs. */
  readonly composite: (call: KernelCall<I, A>) => Tensor[];
  readonly gradient?: KernelGradient<I, A>;
  /** The faster backend kernels. `cpu` is for checks and has none. */
  readonly backendKernels?: Partial<Record<Exclude<BackendName, 'cpu'>, BackendKernel<I, A>>>;
  /**
   * Calls that a backend kernel must agree on: lengths of 1, odd lengths, widths that are no multiple of 4, more than 65,536
   * rows. Compared at the first use are the first of them and, for each set of attributes, the largest of up to 4096 numbers:
   * one with several of everything that a kernel counts. The others are for `kernelStatuses` and the doctor.
   */
  readonly cases: readonly KernelCase<A>[];
  /**
   * Changes whenever the code of the backend kernels does, as a hash of it. What agreed once is then not compared again on
   * the same machine; without it, it is compared in every process.
   */
  readonly code?: string | undefined;
  /** Floating-point operations of one call: 2 for a multiply-add, 1 for an elementwise function. */
  readonly flops: (call: KernelCall<I, A>) => number;
}

/** Which kernel serves on a backend, and why. */
export interface KernelStatus {
  readonly kernel: string;
  readonly backend: string;
  readonly active: 'native' | 'composite';
  /** Why the composite serves where there is a kernel for the backend. */
  readonly reason?: string;
}
