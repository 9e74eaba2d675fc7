import type { Results } from './results.ts';
import type { Command, RunnerKind } from './runner-list.ts';
import type { Case, Size } from './types.ts';

/** What a run of benchmarks is told. */
export interface Options {
  /** Threads of the passes, one after the other. */
  readonly threads: readonly number[];
  readonly cases: (wanted: Case) => boolean;
  readonly runners: (kind: RunnerKind) => boolean;
  /** What is timed. */
  readonly size: Size;
  /** Time that the runners of a case share. */
  readonly secondsPerCase: number;
  /** An empty folder for inputs and results. */
  readonly scratch: string;
  /** How to start a runner; throws the reason where it cannot run here. */
  readonly command: (kind: RunnerKind, threads: number) => Command;
  readonly say: (line: string) => void;
  /** Results whose cases are kept and do not run again. */
  readonly known?: Results;
  /** Takes all results so far, after each case. */
  readonly save?: (results: Results) => void;
}
