import {
  checkOneOf,
  checkOptions,
  checkTensor,
  checkTensorOf,
  defineKernel,
  type Kernel,
  ShapeError,
} from '@neverend/backend';
import { recordsGradients } from '@neverend/backend/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { gelu } from '../gelu/index.ts';
import { linearAddCases, linearCases } from './cases.ts';
import { linearAddComposite, linearComposite, linearProduct } from './composite.ts';
import { linearAddTensorflow, linearTensorflow } from './kernels/tensorflow.ts';
import { linearAddWasm, linearWasm } from './kernels/wasm.ts';
import {
  type LinearActivation,
  type LinearAddInputs,
  type LinearAttrs,
  type LinearInputs,
  type LinearSizes,
  linearActivations,
  linearSizes,
  sizesOf,
} from './types.ts';

/** What a linear layer does beside its product. */
export interface LinearOptions {
  /** What is done to x W + b. Default: none. */
  readonly activation?: LinearActivation | undefined;
  /** What is added in the end, of the shape of the result. Default: nothing. */
  readonly residual?: tf.Tensor | undefined;
}

/**
 * y = act(x W + b) + residual over the last axes, with a gradient that is fast on every backend. Where no gradient is recorded and there is a bias, it is one
 * kernel, whose weights stay packed from their second use on (`keepPackedWeights`).
 *
 * @param x `[..., I...]`, float32; its last axes, as many as hold the numbers of I, need not be cut as those of `kernel` are.
 * @param kernel W, `[I..., O...]`; I is all but the axes of `bias`, or but the last one. @param bias b, `[O...]`; none adds nothing.
 * @returns `[..., O...]`, the caller's to dispose.
 * @throws ShapeError | DTypeError naming the argument. @throws RangeError for another activation.
 */
export function linear(
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias?: tf.Tensor,
  options: LinearOptions = {},
): tf.Tensor {
  checkOptions('linear', options, ['activation', 'residual']);
  const { activation = 'none', residual } = options;
  checkOneOf('activation', activation, linearActivations);
  const sizes = checkedSizes(x, kernel, bias);
  if (residual !== undefined) checkTensor('residual', residual, sizes.shape);
  if (bias === undefined) {
    return tf.tidy(() => {
      const product = linearProduct(x, kernel, undefined, sizes);
      const y = activation === 'gelu' ? gelu(product) : product;
      return residual === undefined ? y : tf.add(y, residual);
    });
  }
  const inputs = { x, kernel, bias };
  const attrs = { activation };
  if (recordsGradients()) {
    // The tape keeps what a kernel would have to compute again.
    return residual === undefined
      ? linearComposite(inputs, attrs)
      : linearAddComposite({ ...inputs, residual }, attrs);
  }
  const [y] =
    residual === undefined
      ? linearKernel.run(inputs, attrs)
      : linearAddKernel.run({ ...inputs, residual }, attrs);
  return y as tf.Tensor;
}

function checkedSizes(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor | undefined): LinearSizes {
  checkTensor('x', x, ['...', 'D']);
  checkTensor('kernel', kernel, ['...', 'E']);
  if (bias !== undefined) checkTensorOf('bias', bias, ['float32']);
  const unitAxes = kernel.shape.slice(-Math.max(1, bias?.rank ?? 1));
  const sizes =
    kernel.rank > unitAxes.length ? linearSizes(x.shape, kernel.shape, unitAxes) : undefined;
  if (sizes === undefined) {
    throw new ShapeError(
      `kernel was [${kernel.shape.join(', ')}]; it must be [${x.shape.at(-1)}, ${unitAxes.length === 1 ? 'E' : unitAxes.join(', ')}]`,
    );
  }
  if (bias !== undefined) checkTensor('bias', bias, unitAxes);
  return sizes;
}

const linearFlops = ({ rows, depth, units }: LinearSizes, activation: LinearActivation): number =>
  rows * units * (2 * depth + (activation === 'gelu' ? 9 : 1));

const linearKernel: Kernel<LinearInputs, LinearAttrs> = defineKernel<LinearInputs, LinearAttrs>({
  name: 'NeverendLinear',
  composite: ({ inputs, attrs }) => [linearComposite(inputs, attrs)],
  backendKernels: { wasm: linearWasm, tensorflow: linearTensorflow },
  code: import.meta.neverendCode,
  cases: linearCases,
  flops: ({ inputs, attrs }) => linearFlops(sizesOf(inputs), attrs.activation),
});

const linearAddKernel: Kernel<LinearAddInputs, LinearAttrs> = defineKernel<
  LinearAddInputs,
  LinearAttrs
>({
  name: 'NeverendLinearAdd',
  composite: ({ inputs, attrs }) => [linearAddComposite(inputs, attrs)],
  backendKernels: { wasm: linearAddWasm, tensorflow: linearAddTensorflow },
  code: import.meta.neverendCode,
  cases: linearAddCases,
  flops: ({ inputs, attrs }) =>
    linearFlops(sizesOf(inputs), attrs.activation) + inputs.residual.size,
});
