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

/** h_t = a_t h_{t-1} + x_t, in float64, where an a of 0 forgets any h. @returns h, `[outer, T, inner]`. */
export function linearScanNaive(
  { a, x, h0 }: ScanInputs,
  shape: ScanShape,
  reverse: boolean,
): Float64Array {
  const y = new Float64Array(x.length);
  for (const { places, state } of lanes(shape, reverse)) {
    let h = h0[state] ?? 0;
    for (const at of places) {
      h = (a[at] === 0 ? 0 : (a[at] ?? 0) * h) + (x[at] ?? 0);
      y[at] = h;
    }
  }
  return y;
}

/**
 * The gradients of sum(dy · h), in float64: every path from an input to a later h is followed on its own, up to an a of 0. Before such
 * an a, what is not finite has no part in its gradient.
 */
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
        if (later !== at && inputs.a[later] === 0) break;
        weight += product * (dy[later] ?? 0);
      }
      const before = step === 0 ? inputs.h0[state] : y[places[step - 1] ?? 0];
      gradients.x[at] = weight;
      const forgets = inputs.a[at] === 0;
      gradients.a[at] = forgets && !Number.isFinite(before) ? 0 : weight * (before ?? 0);
      if (step === 0) gradients.h0[state] = forgets ? 0 : weight * (inputs.a[at] ?? 0);
    }
  }
  return gradients;
}

/** Real and imaginary parts of a recurrence over the middle axis of `[outer, T, inner]`. */
export type ComplexScanInputs = Readonly<
  Record<'aRe' | 'aIm' | 'xRe' | 'xIm' | 'h0Re' | 'h0Im', Float64Array>
>;

/** h_t = a_t h_{t-1} + x_t of complex numbers, in float64, where an a of 0 forgets any h. @returns h, `[outer, T, inner]` for each part. */
export function complexLinearScanNaive(
  { aRe, aIm, xRe, xIm, h0Re, h0Im }: ComplexScanInputs,
  shape: ScanShape,
  reverse: boolean,
): { re: Float64Array; im: Float64Array } {
  const y = { re: new Float64Array(xRe.length), im: new Float64Array(xRe.length) };
  for (const { places, state } of lanes(shape, reverse)) {
    let [re, im] = [h0Re[state] ?? 0, h0Im[state] ?? 0];
    for (const at of places) {
      const [cos, sin] = [aRe[at] ?? 0, aIm[at] ?? 0];
      if (cos === 0 && sin === 0) [re, im] = [0, 0];
      [re, im] = [cos * re - sin * im + (xRe[at] ?? 0), cos * im + sin * re + (xIm[at] ?? 0)];
      y.re[at] = re;
      y.im[at] = im;
    }
  }
  return y;
}
