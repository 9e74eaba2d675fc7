/** What a model or a layer must reach on two threads. */
export interface Goal {
  readonly text: string;
  /** What was measured; undefined where it was not. */
  readonly value: number | undefined;
  readonly bound: { readonly least: number } | { readonly most: number };
  readonly unit: 'x' | '%';
  /** Of what a profile shows where it is missed. */
  readonly runner: string;
  readonly cases: readonly string[];
}

/** Undefined where one of them was not measured. */
export const quotient = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a / b;
