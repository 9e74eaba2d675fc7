import { backend_util } from '@tensorflow/tfjs-core';

// Compilers of shaders may reorder sums, so nothing here relies on how (1 + x) - 1 rounds.

/** log(1 + x) = 2 atanh(x / (2 + x)), by powers where x is small. */
const log1p = `
fn log1p(x : f32) -> f32 {
  if (x < -0.5 || x > 1.0) { return log(1.0 + x); }
  let s = x / (2.0 + x);
  let z = s * s;
  return 2.0 * s * (1.0 + z * (1.0 / 3.0 + z * (1.0 / 5.0 + z * (1.0 / 7.0 + z * (1.0 / 9.0
    + z * (1.0 / 11.0 + z * (1.0 / 13.0 + z * (1.0 / 15.0))))))));
}`;

/** exp(x) - 1, by powers where x is small. */
const expm1 = `
fn expm1(x : f32) -> f32 {
  if (x < -1.0 || x > 1.0) { return exp(x) - 1.0; }
  return x * (1.0 + x * (1.0 / 2.0 + x * (1.0 / 6.0 + x * (1.0 / 24.0 + x * (1.0 / 120.0
    + x * (1.0 / 720.0 + x * (1.0 / 5040.0 + x * (1.0 / 40320.0 + x * (1.0 / 362880.0
    + x * (1.0 / 3628800.0))))))))));
}`;

/**
 * The sine and the cosine of a, which is k quarters of a turn and r: a quarter is taken off in three parts, of which k times the first two
 * are exact (Cephes, sinf). Beyond that k is too large for it, and the device's own serve.
 */
export const sineAndCosine = `
fn sineAndCosine(a : f32) -> vec2<f32> {
  if (abs(a) > 8192.0) { return vec2(sin(a), cos(a)); }
  let k = round(a * 0.6366197723675814);
  let r = ((a - k * 1.5703125) - k * 4.837512969970703e-4) - k * 7.549789948768648e-8;
  let z = r * r;
  let s = r + r * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z
    + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let quarter = i32(k) & 3;
  let turned = select(vec2(s, c), vec2(c, -s), (quarter & 1) == 1);
  return select(turned, -turned, quarter >= 2);
}`;

const { ERF_P, ERF_A1, ERF_A2, ERF_A3, ERF_A4, ERF_A5, SELU_SCALE, SELU_SCALEALPHA } = backend_util;

/** `mended(a)` in the place of the stock kernel's function of one number. */
const body = (code: string, ...helpers: string[]): string => `${helpers.join('')}
fn mended(a : f32) -> f32 {
  if (isnan(a)) { return a; }
  ${code}
}
`;

/** The functions in WGSL, by the names of the kernels. */
export const preciseFunctions: Readonly<Record<string, string>> = {
  Log1p: body(
    'if (a < -1.0) { return uniforms.NAN; } if (a == -1.0) { return -uniforms.INFINITY; } return log1p(a);',
    log1p,
  ),
  Expm1: body('return expm1(a);', expm1),
  Softplus: body('return max(a, 0.0) + log1p(exp(-abs(a)));', log1p),
  Elu: body('if (a >= 0.0) { return a; } return expm1(a);', expm1),
  Selu: body(
    `if (a >= 0.0) { return ${SELU_SCALE} * a; } return ${SELU_SCALEALPHA} * expm1(a);`,
    expm1,
  ),
  Sin: body('return sineAndCosine(a).x;', sineAndCosine),
  Cos: body('return sineAndCosine(a).y;', sineAndCosine),
  Tan: body('let both = sineAndCosine(a); return both.x / both.y;', sineAndCosine),
  Tanh: body('let e = expm1(-2.0 * abs(a)); return sign(a) * (-e / (2.0 + e));', expm1),
  Sinh: body(
    `let z = a * a;
  if (z < 1.0) {
    return a * (1.0 + z * (1.0 / 6.0 + z * (1.0 / 120.0 + z * (1.0 / 5040.0 + z * (1.0 / 362880.0)))));
  }
  let root = exp(0.5 * abs(a));
  return sign(a) * (0.5 * root * root - 0.5 / root / root);`,
  ),
  // These lose no digits, but a NaN or an infinity.
  Exp: body('return exp(a);'),
  Log: body(
    'if (a < 0.0) { return uniforms.NAN; } if (a == 0.0) { return -uniforms.INFINITY; } return log(a);',
  ),
  Relu6: body('return clamp(a, 0.0, 6.0);'),
  Cosh: body('let e = exp(abs(a)); return 0.5 * e + 0.5 / e;'),
  Sigmoid: body('return 1.0 / (1.0 + exp(-a));'),
  Asinh: body(
    `let x = abs(a);
  if (x > 1e4) { return sign(a) * (log(x) + 0.6931471805599453); }
  return sign(a) * log1p(x + x * x / (1.0 + sqrt(x * x + 1.0)));`,
    log1p,
  ),
  Acosh: body(
    `if (a < 1.0) { return uniforms.NAN; }
  if (a > 1e4) { return log(a) + 0.6931471805599453; }
  let t = a - 1.0;
  return log1p(t + sqrt(t * (t + 2.0)));`,
    log1p,
  ),
  Atanh: body(
    `let x = abs(a);
  if (x > 1.0) { return uniforms.NAN; }
  if (x == 1.0) { return sign(a) * uniforms.INFINITY; }
  return sign(a) * 0.5 * log1p(2.0 * x / (1.0 - x));`,
    log1p,
  ),
  Acos: body(
    `if (abs(a) > 1.0) { return uniforms.NAN; }
  return 2.0 * atan2(sqrt(1.0 - a), sqrt(1.0 + a));`,
  ),
  Erf: body(
    `let x = abs(a);
  if (x <= 1.0) {
    let z = a * a;
    return a * (1.12837916572671 + z * (-0.37612625824223 + z * (0.1128358514861418
      + z * (-2.685381193529856e-2 + z * (5.188327685732524e-3 + z * (-8.010193625184903e-4
      + z * 7.853861353153693e-5))))));
  }
  let t = 1.0 / (1.0 + ${ERF_P} * x);
  let rest = ((((${ERF_A5} * t + ${ERF_A4}) * t + ${ERF_A3}) * t + ${ERF_A2}) * t + ${ERF_A1}) * t;
  return sign(a) * (1.0 - rest * exp(-x * x));`,
  ),
};
