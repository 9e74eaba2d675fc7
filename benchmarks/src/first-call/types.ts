/** How a program starts. */
export interface Start {
  readonly backend: 'wasm' | 'tensorflow' | 'webgpu';
  readonly threads: number;
  /** In browsers, the folder of the .wasm files. */
  readonly wasmPath?: string;
  readonly trust?: boolean;
  readonly composites?: boolean;
}

/** Milliseconds of a program that has loaded its code, one after the other. */
export interface Times {
  /** How long it takes until the backend is ready. */
  readonly start: number;
  /** How long it takes from there until the first result. */
  readonly first: number;
  readonly second: number;
  /** From there until the first gradient is there. */
  readonly gradient: number;
  readonly secondGradient: number;
}

/** What a program's script defines. */
export type FirstCall = (start: Start) => Promise<Times>;

export const ways = ['stock', 'composites', 'empty store', 'kept verdicts', 'trust'] as const;
export type Way = (typeof ways)[number];

/** A way to start: medians of its times, in milliseconds. */
export interface FirstCallResult {
  readonly place: string;
  readonly backend: Start['backend'];
  readonly threads: number;
  readonly way: Way;
  readonly runs: number;
  readonly times: Times;
}
