import type { TensorInfo } from '@tensorflow/tfjs-core';

/** Inputs, attributes and outputs of one kernel call, as TensorFlow.js hands them over. */
export interface StockKernelCall {
  readonly inputs: Readonly<Record<string, TensorInfo | readonly TensorInfo[] | undefined>>;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly outputs: readonly TensorInfo[];
}

type Rule = (call: StockKernelCall) => number;

const elements = (tensor: TensorInfo | undefined): number =>
  tensor === undefined ? 0 : tensor.shape.reduce((product, size) => product * size, 1);

const output = (call: StockKernelCall): number => elements(call.outputs[0]);

const input = (call: StockKernelCall, name: string): TensorInfo => {
  const tensor = call.inputs[name];
  if (tensor === undefined || !('shape' in tensor)) {
    throw new Error(`the kernel call has no tensor input "${name}"`);
  }
  return tensor;
};

const dimension = (tensor: TensorInfo, axis: number): number => tensor.shape.at(axis) ?? 1;

const perOutput =
  (flops: number): Rule =>
  (call) =>
    flops * output(call);

const perInput =
  (name: string): Rule =>
  (call) =>
    elements(input(call, name));

const matMul: Rule = (call) => {
  const inner = dimension(input(call, 'a'), call.attrs['transposeA'] === true ? -2 : -1);
  return 2 * inner * output(call);
};

/** 2 per multiply-add; a filter `[h, w, in, out]` makes h·w·in of them per output element. */
const conv = (results: TensorInfo | undefined, filter: readonly number[]) =>
  2 * elements(results) * filter.slice(0, -1).reduce((product, size) => product * size, 1);

/** A depthwise filter `[h, w, in, multiplier]` makes h·w multiply-adds per output element. */
const depthwise = (results: TensorInfo | undefined, filter: readonly number[]) =>
  2 * elements(results) * (filter[0] ?? 1) * (filter[1] ?? 1);

/** Bias and activation of a fused kernel: one operation per output element each. */
const fusedTail: Rule = (call) => {
  const activation = call.attrs['activation'];
  const tail =
    (call.inputs['bias'] === undefined ? 0 : 1) +
    (activation === undefined || activation === null || activation === 'linear' ? 0 : 1);
  return tail * output(call);
};

const filterShape = (call: StockKernelCall): readonly number[] => input(call, 'filter').shape;
const filterShapeAttr = (call: StockKernelCall): readonly number[] =>
  call.attrs['filterShape'] as readonly number[];
/** A window has the dimensions of its input but for the batch and the channels; one number is all its sides. */
const pooling: Rule = (call) => {
  const size = call.attrs['filterSize'] as number | readonly number[];
  const window =
    typeof size === 'number'
      ? size ** (input(call, 'x').shape.length - 2)
      : size.reduce((product, n) => product * n, 1);
  return window * output(call);
};

/** Sums over labels that one operand alone has, and 2 per product that is summed or 1 per product that is not. */
const einsum: Rule = (call) => {
  const [inputs = '', result = ''] = String(call.attrs['equation'])
    .replaceAll(/\s/g, '')
    .split('->');
  const terms = inputs.split(',');
  const sizes = new Map<string, number>();
  let sums = 0;
  for (const [index, term] of terms.entries()) {
    const operand = input(call, String(index));
    for (const [axis, label] of [...term].entries()) sizes.set(label, dimension(operand, axis));
    const wanted = result + (terms[1 - index] ?? '');
    if ([...term].some((label) => !wanted.includes(label))) sums += elements(operand);
  }
  const [first = '', second] = terms;
  if (second === undefined) return sums;
  const shared = [...first].filter((label) => second.includes(label) && !result.includes(label));
  const summed = shared.reduce((product, label) => product * (sizes.get(label) ?? 1), 1);
  return sums + (shared.length > 0 ? 2 * summed : 1) * output(call);
};

const rules = new Map<string, Rule>();
const rule = (names: string, how: Rule) => {
  for (const name of names.split(' ')) rules.set(name, how);
};

rule('BatchMatMul', matMul);
rule('Einsum', einsum);
rule('_FusedMatMul', (call) => matMul(call) + fusedTail(call));
rule('Conv2D Conv3D', (call) => conv(call.outputs[0], filterShape(call)));
rule('FusedConv2D', (call) => conv(call.outputs[0], filterShape(call)) + fusedTail(call));
rule('Conv2DBackpropInput Conv3DBackpropInputV2', (call) =>
  conv(input(call, 'dy'), filterShape(call)),
);
rule('Conv2DBackpropFilter Conv3DBackpropFilterV2', (call) =>
  conv(input(call, 'dy'), filterShapeAttr(call)),
);
rule('DepthwiseConv2dNative', (call) => depthwise(call.outputs[0], filterShape(call)));
rule(
  'FusedDepthwiseConv2D',
  (call) => depthwise(call.outputs[0], filterShape(call)) + fusedTail(call),
);
rule('DepthwiseConv2dNativeBackpropInput', (call) =>
  depthwise(input(call, 'dy'), filterShape(call)),
);
rule('DepthwiseConv2dNativeBackpropFilter', (call) =>
  depthwise(input(call, 'dy'), filterShapeAttr(call)),
);
rule('AvgPool AvgPool3D MaxPool MaxPool3D', pooling);
rule('AvgPoolGrad AvgPool3DGrad MaxPoolGrad MaxPool3DGrad', perInput('dy'));

rule(
  'Abs Acos Acosh Add Asin Asinh Atan Atan2 Atanh Ceil ClipByValue Cos Cosh Elu EluGrad Equal Erf Exp ' +
    'Expm1 Floor FloorDiv Greater GreaterEqual IsFinite IsInf IsNan LeakyRelu Less LessEqual Log Log1p ' +
    'LogicalAnd LogicalNot LogicalOr LogicalXor Maximum Minimum Mod Multiply Neg NotEqual Pow Prelu RealDiv ' +
    'Reciprocal Relu Relu6 Round Rsqrt Selu Sigmoid Sign Sin Sinh Softplus Sqrt Square Step Sub Tan Tanh',
  perOutput(1),
);
rule('SquaredDifference', perOutput(2));
rule('AddN', (call) => {
  // The only kernel whose inputs come as a list.
  const terms = Object.values(call.inputs).flat().length;
  return Math.max(terms - 1, 0) * output(call);
});
rule('All Any ArgMax ArgMin Cumprod Cumsum Max Mean Min Prod Sum', perInput('x'));
rule('UnsortedSegmentSum', perInput('x'));
// Maximum, subtraction, exponential, sum and division; the logarithm instead of the division.
rule('Softmax LogSoftmax', (call) => 5 * output(call));
// Two multiply-adds along each axis.
rule('ResizeBilinear', perOutput(8));
rule('ResizeBilinearGrad', (call) => 8 * elements(input(call, 'dy')));
rule('FusedBatchNorm', perOutput(4));

rule(
  'BatchToSpaceND BroadcastArgs Cast Concat DepthToSpace Diag ExpandDims Fill FlipLeftRight GatherNd ' +
    'GatherV2 Identity LinSpace MirrorPad OneHot OnesLike Pack PadV2 Range Reshape ResizeNearestNeighbor ' +
    'Reverse ScatterNd Select Slice SpaceToBatchND SparseToDense SplitV StridedSlice TensorScatterUpdate ' +
    'Tile TopK Transpose Unique Unpack ZerosLike',
  () => 0,
);

/**
 * Floating-point operations of one kernel call: 2 per multiply-add in products and convolutions (padding
 * included), 1 per output element of an elementwise kernel (transcendental ones too), 1 per input element
 * of a reduction, 5 per element of a softmax, 0 for moving data.
 *
 * @returns the count, or undefined for a kernel without a rule.
 */
export function kernelFlops(name: string, call: StockKernelCall): number | undefined {
  return rules.get(name)?.(call);
}
