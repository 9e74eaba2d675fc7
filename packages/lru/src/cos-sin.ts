import * as tf from '@tensorflow/tfjs-core';

/** The cosine of x, in radians, to float32's precision on every backend. */
export function cosine(x: tf.Tensor): tf.Tensor {
  return tf.getBackend() === 'webgpu' ? withSlope(x, cosineSeries, negativeSineSeries) : tf.cos(x);
}

/** The sine of x, in radians, to float32's precision on every backend. */
export function sine(x: tf.Tensor): tf.Tensor {
  return tf.getBackend() === 'webgpu' ? withSlope(x, sineSeries, cosineSeries) : tf.sin(x);
}

// WGSL grants its own sin and cos an error of 2^-11 (section 15.7.4), and GPUs make use of that.

type Series = (x: tf.Tensor) => tf.Tensor;

function withSlope(x: tf.Tensor, value: Series, slope: Series): tf.Tensor {
  const differentiable = tf.customGrad((input, save) => {
    (save as tf.GradSaveFunc)([input as tf.Tensor]);
    return {
      value: tf.tidy(() => value(input as tf.Tensor)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(dy, slope(saved[0] as tf.Tensor)),
    };
  });
  return differentiable(x);
}

/** x less the multiple of 2 π that leaves it within ±π. 2 π is the sum of 6.28125, whose multiples are exact, and a rest. */
function withinTurn(x: tf.Tensor): tf.Tensor {
  const turns = tf.floor(tf.add(tf.mul(x, 1 / (2 * Math.PI)), 0.5));
  const rest = 2 * Math.PI - 6.28125;
  return tf.sub(tf.sub(x, tf.mul(turns, 6.28125)), tf.mul(turns, rest));
}

/** 1 - s/(n (n+1)) (1 - s/((n+2) (n+3)) (…)): what is left out is below 1e-8 up to s = π². */
function alternating(square: tf.Tensor, n: number): tf.Tensor {
  let sum = tf.onesLike(square);
  for (let m = n + 18; m >= n; m -= 2) {
    sum = tf.sub(1, tf.mul(tf.mul(square, sum), 1 / (m * (m + 1))));
  }
  return sum;
}

const cosineSeries: Series = (x) => alternating(tf.square(withinTurn(x)), 1);

const sineSeries: Series = (x) => {
  const angle = withinTurn(x);
  return tf.mul(angle, alternating(tf.square(angle), 2));
};

const negativeSineSeries: Series = (x) => tf.neg(sineSeries(x));
