/** An array that every runner of a case gets, in a file of its raw little-endian numbers. */
export interface Input {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  /** float32: normal numbers of this standard deviation (1 where left out) around `mean` (0). */
  readonly scale?: number;
  readonly mean?: number;
  /** int32: uniform in [0, bound). */
  readonly bound?: number;
}

/**
 * What bounds the time of a case from below, and how much of it the case needs at least. `gemm`: amount in FLOPs; `copy` and `random rows`: in bytes, read and written;
 * `picked rows`: in bytes of rows of a table of so many, read alone; `layer`: in FLOPs, and bytes of rows beside.
 */
export type Limit =
  | { readonly kind: 'gemm' | 'copy' | 'random rows'; readonly amount: number }
  | { readonly kind: 'picked rows'; readonly amount: number; readonly items: number }
  | {
      readonly kind: 'layer';
      readonly amount: number;
      readonly bytes: number;
      readonly items: number;
    };

export type Op =
  | 'matMul'
  | 'softmax'
  | 'layerNorm'
  | 'rmsNorm'
  | 'gelu'
  | 'gatherRows'
  | 'scatterAddRows'
  | 'adamW'
  | 'linearScan'
  | 'recurrentBlock'
  | 'spaceAttention'
  | 'encoderBlock'
  | 'trecvitClip'
  | 'trecvitStream'
  | 'weightedRows'
  | 'rowProducts'
  | 'productKeySearch'
  | 'peer'
  | 'peerStep';

/** One thing to compute. Plain data: it goes to the runners as JSON. */
export interface Case {
  readonly id: string;
  readonly title: string;
  /** Cases of a group follow each other in one process of each runner. */
  readonly group: string;
  readonly op: Op;
  /**
   * `gradient`: the result, then the gradients of all float32 inputs but `dy`, which is that of the result. The time
   * is of all of them, the forward pass included.
   */
  readonly mode: 'forward' | 'gradient';
  readonly attrs: Readonly<Record<string, number | boolean | string>>;
  readonly inputs: readonly Input[];
  readonly limit: Limit;
  /** How far two results may be apart, as a share of the largest magnitude in the array, or of one. */
  readonly tolerance: number;
  /** Which share of the numbers of an array may be further apart. Default: none. */
  readonly apart?: number;
  /** Runners whose runs would take about half a minute or more: they are checked at the small size. */
  readonly tooSlowFor?: readonly string[];
  /** The model that it runs, and on how many frames a run. */
  readonly video?: { readonly model: string; readonly frames: number };
  /** Of product keys: how many items there are. */
  readonly items?: number;
  /** Runners take so much memory that one starts when the one before has ended. */
  readonly alone?: true;
}

/** `full` is what is timed; `tiny` has odd sizes, and is what a runner that is too slow to be timed is checked on. */
export type Size = 'full' | 'tiny';

/** A case as runners get it: with the file of each input. */
export interface LoadedCase extends Case {
  readonly inputs: readonly (Input & { readonly file: string })[];
}

/** The first line of a runner: what it is, or why it cannot run here. */
export type Hello =
  | {
      readonly versions: Readonly<Record<string, string>>;
      readonly device: string;
      /** Whether times say anything: false on a GPU that software plays, and in plain JavaScript. */
      readonly timed: boolean;
      readonly threads: number;
    }
  | { readonly absent: string };

/** A line to a runner. */
export type Request =
  | { readonly do: 'load'; readonly case: LoadedCase }
  | { readonly do: 'run'; readonly folder: string }
  | { readonly do: 'time'; readonly milliseconds: number; readonly runs: number }
  | { readonly do: 'profile'; readonly runs: number }
  | { readonly do: 'unload' };

/** Where the time of a run goes. */
export interface Profile {
  /** Of a whole run. */
  readonly milliseconds: number;
  /** Of a run, the longest first; the time of what an operation calls is not in its own. */
  readonly operations: readonly {
    readonly name: string;
    readonly calls: number;
    readonly milliseconds: number;
  }[];
}

export interface Output {
  readonly shape: readonly number[];
  /** Raw float32. */
  readonly file: string;
}

/**
 * Lines from a runner, one to each request. `unable`: it has no such operation, and why. `wrong`: it does not compute what it
 * should, and how it knows. `way`: which of several ways it takes, where it chose.
 */
export type Reply =
  | { readonly ok: true; readonly way?: string }
  | { readonly unable: string }
  | { readonly wrong: string }
  | { readonly outputs: readonly Output[] }
  | { readonly times: readonly number[] }
  | { readonly profile: Profile }
  | { readonly error: string };
