/** A recurrence over the middle axis of `[outer, T, inner]`. */
export interface ScanInputs {
  /** `[outer, T, inner]`. */
  readonly a: Float64Array;
  /** `[outer, T, inner]`. */
  readonly x: Float64Array;
  /** `[outer, inner]`. */
  readonly h0: Float64Array;
}

/** `[outer, T, inner]`. */
export type ScanShape = readonly [number, number, number];

/** Steps in the order of the recurrence: each with where it stands in `[outer, T, inner]`, and its row and column of h0. */
function* lanes([outer, length, inner]: ScanShape, reverse: boolean) {
  for (let row = 0; row < outer; row++) {
    for (let column = 0; column < inner; column++) {
      const places = Array.from(
        { length },
        (_, t) => (row * length + (reverse ? length - 1 - t : t)) * inner + column,
      );
      yield { places, state: row * inner + column };
    }
  }
}

/** h_t = a_t h_{t-1} + x_t, in float64. @returns h, `[outer, T, inner]`. */
export function linearScanNaive(
  { a, x, h0 }: ScanInputs,
  shape: ScanShape,
  reverse: boolean,
): Float64Array {
  const y = new Float64Array(x.length);
  for (const { places, state } of lanes(shape, reverse)) {
    let h = h0[state] ?? 0;
    for (const at of places) {
      h = (a[at] ?? 0) * h + (x[at] ?? 0);
      y[at] = h;
    }
  }
  return y;
}

/** The gradients of sum(dy · h), in float64: every path from an input to a later h is followed on its own. */
export function linearScanBackwardNaive(
  inputs: ScanInputs,
  dy: Float64Array,
  shape: ScanShape,
  reverse: boolean,
): ScanInputs {
  const y = linearScanNaive(inputs, shape, reverse);
  const gradients = {
    a: new Float64Array(y.length),
    x: new Float64Array(y.length),
    h0: new Float64Array(inputs.h0.length),
  };
  for (const { places, state } of lanes(shape, reverse)) {
    for (const [step, at] of places.entries()) {
      // How much h of this step counts in the sum: directly, and through every later one.
      let weight = 0;
      let product = 1;
      for (const later of places.slice(step)) {
        if (later !== at) product *= inputs.a[later] ?? 0;
        weight += product * (dy[later] ?? 0);
      }
      const before = step === 0 ? inputs.h0[state] : y[places[step - 1] ?? 0];
      gradients.x[at] = weight;
      gradients.a[at] = weight * (before ?? 0);
      if (step === 0) gradients.h0[state] = weight * (inputs.a[at] ?? 0);
    }
  }
  return gradients;
}
