import type { Summary } from './statistics.ts';
import type { Case, Profile } from './types.ts';

/** A runner on a case: times, a check without times, or neither and why. */
export type Outcome =
  | {
      readonly milliseconds: Summary;
      /** The most memory that its process had resident, the library's own included; where the system tells. */
      readonly peakMiB?: number;
      /** Which of several ways it took, where it chose. */
      readonly way?: string;
      /** The share of the limit measured in the same run, at the medians: 1 is the limit. */
      readonly shareOfLimit?: number;
      /** What our runners alone have: each peer's median over ours. Above one, ours is faster. */
      readonly peersOverThis?: Readonly<Record<string, number>>;
    }
  | { readonly agrees: true }
  | { readonly disagrees: string }
  | { readonly unable: string };

export interface CaseResult {
  readonly case: string;
  readonly title: string;
  readonly threads: number;
  /** When it was begun, and the load of the machine then; results of earlier versions lack them. */
  readonly date?: string;
  readonly load?: number;
  readonly limit: Case['limit'];
  readonly tolerance: number;
  /** The runner whose results the others were held against. */
  readonly reference?: string;
  readonly video?: Case['video'];
  readonly items?: Case['items'];
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

/** What a run of the harness writes. */
export interface Results {
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cpus: number;
    readonly memoryGiB: number;
    readonly system: string;
    readonly node: string;
    /** The load before the run: what else the machine was doing. */
    readonly load: number;
  };
  /** The machine's limits, by the number of threads. */
  readonly limits: Readonly<Record<string, MachineLimits>>;
  readonly runners: Readonly<Record<string, RunnerResult>>;
  readonly cases: readonly CaseResult[];
  /** From files of their own. */
  readonly endless?: readonly Endless[];
  readonly profiles?: readonly ProfileResult[];
}

/** What a frame of a stream costs early, and after many frames. */
export interface Endless {
  readonly runner: string;
  readonly model: string;
  readonly early: number;
  readonly frames: number;
  readonly first: Timed;
  readonly late: Timed;
}

interface Timed {
  readonly milliseconds: Summary;
  readonly peakMiB?: number;
}

/** Where the time of a case goes. */
export interface ProfileResult extends Profile {
  readonly case: string;
  readonly title: string;
  readonly runner: string;
  readonly threads: number;
  readonly date: string;
  /** Of one run of a model. */
  readonly frames?: number;
}

export interface MachineLimits {
  /** GB/s, read and written, of the largest copy. */
  readonly copy?: number;
  /** GB/s, read and written, of rows of 1 KiB out of 512 MiB. */
  readonly randomRows?: number;
  /** GFLOP/s of the fastest runner's best product of two 2048 x 2048 matrices. */
  readonly gemm?: number;
  /** GB/s of the fastest run of sums or products of rows of 1 KiB, read alone, by the number of rows of their table. */
  readonly pickedRows?: Readonly<Record<string, number>>;
}

/** What a runner is, or why it did not run; by the number of threads. */
export type RunnerResult = Readonly<
  Record<
    string,
    | {
        readonly device: string;
        readonly versions: Readonly<Record<string, string>>;
      }
    | { readonly absent: string }
  >
>;
