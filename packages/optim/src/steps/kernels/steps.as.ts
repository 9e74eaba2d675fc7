// One step of an optimiser, on a weight and its state in place.

/** Numbers of a unit of work. */
const BLOCK: usize = 1024;

@inline
export function read(at: usize, whole: bool): v128 {
  return whole ? v128.load(at) : v128.load32_zero(at);
}

@inline
export function write(at: usize, v: v128, whole: bool): void {
  if (whole) v128.store(at, v);
  else v128.store_lane<f32>(at, v, 0);
}

@inline
export function scaled(v: v128, by: f32): v128 {
  return f32x4.mul(v, f32x4.splat(by));
}

/** The bytes at which unit `to` ends in arrays of `size` numbers. */
@inline
export function endOf(to: usize, size: usize): usize {
  return min(to * BLOCK, size) << 2;
}


@inline
export function adamWAt(
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  decay: f32,
  stepSize: f32,
  epsilon: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  at: usize,
  whole: bool,
): void {
  const g = read(gradient + at, whole);
  const mean = f32x4.add(scaled(read(m + at, whole), beta1), scaled(g, oneMinusBeta1));
  const squared = f32x4.mul(g, g);
  const square = f32x4.add(scaled(read(v + at, whole), beta2), scaled(squared, oneMinusBeta2));
  const root = f32x4.add(f32x4.sqrt(square), f32x4.splat(epsilon));
  const change = f32x4.div(scaled(mean, stepSize), root);
  write(m + at, mean, whole);
  write(v + at, square, whole);
  write(weight + at, f32x4.sub(scaled(read(weight + at, whole), decay), change), whole);
}

export function adamW(
  weight: usize,
  m: usize,
  v: usize,
  gradient: usize,
  decay: f32,
  stepSize: f32,
  epsilon: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  size: usize,
  from: usize,
  to: usize,
): void {
  const end = endOf(to, size);
  let at = (from * BLOCK) << 2;
  for (; at + 16 <= end; at += 16) {
    adamWAt(
      weight, m, v, gradient, decay, stepSize, epsilon, beta1, beta2, oneMinusBeta1,
      oneMinusBeta2, at, true,
    );
  }
  for (; at < end; at += 4) {
    adamWAt(
      weight, m, v, gradient, decay, stepSize, epsilon, beta1, beta2, oneMinusBeta1,
      oneMinusBeta2, at, false,
    );
  }
}

@inline
export function lionAt(
  weight: usize,
  m: usize,
  gradient: usize,
  decay: f32,
  stepSize: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  at: usize,
  whole: bool,
): void {
  const g = read(gradient + at, whole);
  const old = read(m + at, whole);
  const direction = f32x4.add(scaled(old, beta1), scaled(g, oneMinusBeta1));
  // The step size with the direction's sign; the direction itself, 0 or NaN, where it has none.
  const step = v128.bitselect(direction, f32x4.splat(stepSize), f32x4.splat(-0.0));
  const signed = f32x4.abs(direction);
  const change = v128.bitselect(step, direction, f32x4.gt(signed, f32x4.splat(0)));
  write(m + at, f32x4.add(scaled(old, beta2), scaled(g, oneMinusBeta2)), whole);
  write(weight + at, f32x4.sub(scaled(read(weight + at, whole), decay), change), whole);
}

export function lion(
  weight: usize,
  m: usize,
  gradient: usize,
  decay: f32,
  stepSize: f32,
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  size: usize,
  from: usize,
  to: usize,
): void {
  const end = endOf(to, size);
  let at = (from * BLOCK) << 2;
  for (; at + 16 <= end; at += 16) {
    lionAt(
      weight, m, gradient, decay, stepSize, beta1, beta2, oneMinusBeta1, oneMinusBeta2, at, true,
    );
  }
  for (; at < end; at += 4) {
    lionAt(
      weight, m, gradient, decay, stepSize, beta1, beta2, oneMinusBeta1, oneMinusBeta2, at,
      false,
    );
  }
}

@inline
export function sgdAt(
  weight: usize,
  gradient: usize,
  decay: f32,
  l2: f32,
  stepSize: f32,
  at: usize,
  whole: bool,
): void {
  const w = read(weight + at, whole);
  const g = f32x4.add(read(gradient + at, whole), scaled(w, l2));
  write(weight + at, f32x4.sub(scaled(w, decay), scaled(g, stepSize)), whole);
}

export function sgd(
  weight: usize,
  gradient: usize,
  decay: f32,
  l2: f32,
  stepSize: f32,
  size: usize,
  from: usize,
  to: usize,
): void {
  const end = endOf(to, size);
  let at = (from * BLOCK) << 2;
  for (; at + 16 <= end; at += 16) {
    sgdAt(weight, gradient, decay, l2, stepSize, at, true);
  }
  for (; at < end; at += 4) {
    sgdAt(weight, gradient, decay, l2, stepSize, at, false);
  }
}

/** The step is `gradientScale` times the gradient and `momentumScale` times the new running sum. */
@inline
export function sgdMomentumAt(
  weight: usize,
  sum: usize,
  gradient: usize,
  decay: f32,
  l2: f32,
  momentum: f32,
  gradientScale: f32,
  momentumScale: f32,
  at: usize,
  whole: bool,
): void {
  const w = read(weight + at, whole);
  const g = f32x4.add(read(gradient + at, whole), scaled(w, l2));
  const u = f32x4.add(scaled(read(sum + at, whole), momentum), g);
  const change = f32x4.add(scaled(g, gradientScale), scaled(u, momentumScale));
  write(sum + at, u, whole);
  write(weight + at, f32x4.sub(scaled(w, decay), change), whole);
}

export function sgdMomentum(
  weight: usize,
  sum: usize,
  gradient: usize,
  decay: f32,
  l2: f32,
  momentum: f32,
  gradientScale: f32,
  momentumScale: f32,
  size: usize,
  from: usize,
  to: usize,
): void {
  const end = endOf(to, size);
  let at = (from * BLOCK) << 2;
  for (; at + 16 <= end; at += 16) {
    sgdMomentumAt(
      weight, sum, gradient, decay, l2,
      momentum, gradientScale, momentumScale, at, true,
    );
  }
  for (; at < end; at += 4) {
    sgdMomentumAt(
      weight, sum, gradient, decay, l2,
      momentum, gradientScale, momentumScale, at, false,
    );
  }
}
