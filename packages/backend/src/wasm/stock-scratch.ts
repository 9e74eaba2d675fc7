/** The arguments of a C++ function of TensorFlow.js: numbers, and shapes as the bytes of their int32s. */
export type StockArguments = readonly unknown[];

/** How many numbers a tensor has that C++ knows by this id. */
export type SizeOf = (id: number) => number;

/** Bytes that one call may allocate, at most. */
type Scratch = (args: readonly number[], sizeOf: SizeOf, shapes: StockArguments) => number;

/**
 * What the C++ of TensorFlow.js 4.22 allocates by itself where that grows with the tensors: copies of weights, XNNPACK's
 * packed weights and tables of addresses, positions of maxima, candidates. Where it gets no memory it aborts, or goes on without a
 * word and leaves its output unwritten. What it keeps from call to call counts each time.
 */
const scratchOf: Readonly<Record<string, Scratch | undefined>> = {
  Conv2D: (args) => convolution(args, false),
  FusedConv2D: (args, sizeOf) => fusedConvolution(args, false, sizeOf),
  DepthwiseConv2dNative: (args) => convolution(args, true),
  FusedDepthwiseConv2D: (args, sizeOf) => fusedConvolution(args, true, sizeOf),
  MaxPool: (args) => pool(args, 12),
  AvgPool: (args) => pool(args, 10),
  MaxPoolGrad: ([, , , ...sizes]) => 4 * product(sizes.slice(0, 2)) * product(sizes.slice(4, 6)),
  MaxPool3DGrad: ([, , , ...sizes]) => 4 * product(sizes.slice(0, 2)) * product(sizes.slice(5, 8)),
  ResizeBilinear: (args) => 24 * product(args.slice(5, 7)),
  BatchMatMul: matMul,
  _FusedMatMul: (args, sizeOf, shapes) =>
    matMul(args, sizeOf, shapes) + prelu(args[10] ?? 0, sizeOf),
  Prelu: ([, weights = 0], sizeOf) => prelu(weights, sizeOf),
  FusedBatchNorm: ([, , variance = 0], sizeOf) => 8 * sizeOf(variance),
  TopK: (_, __, [, shape]) => 8 * (dimensions(shape).at(-1) ?? 0),
  SparseFillEmptyRows: ([, , , , rows = 0]) => 8 * rows,
  NonMaxSuppressionV3: suppression,
  NonMaxSuppressionV4: suppression,
  NonMaxSuppressionV5: (args, sizeOf) => suppression(args.slice(0, 3), sizeOf),
};

/** Bytes that a call of a C++ function by TensorFlow.js may allocate by itself, at most. */
export function stockScratchBytes(name: string, args: StockArguments, sizeOf: SizeOf): number {
  return scratchOf[name]?.(args as number[], sizeOf, args) ?? 0;
}

const product = (sizes: readonly number[]): number => sizes.reduce((all, size) => all * size, 1);

const roundUp = (size: number, multiple: number): number => Math.ceil(size / multiple) * multiple;

const dimensions = (shape: unknown): number[] =>
  shape instanceof Uint8Array ? [...new Int32Array(shape.slice().buffer)] : [];

/** Pixels of the output along one axis, as many as without a dilation. */
const outputs = (input: number, filter: number, padding: number, stride: number): number =>
  Math.floor((input + padding - filter) / stride) + 1;

/** The transposed filter, the packed one, and an address for each tap of each output pixel. */
function convolution(args: readonly number[], depthwise: boolean): number {
  const [, , height = 0, width = 0, , filterHeight = 0, filterWidth = 0, ...rest] = args;
  const [top = 0, right = 0, bottom = 0, left = 0, , ...steps] = rest;
  const [, , strideHeight = 1, strideWidth = 1, inputChannels = 0, outputChannels = 0] = steps;
  const taps = filterHeight * filterWidth;
  const rows = outputs(height, filterHeight, top + bottom, strideHeight);
  const columns = outputs(width, filterWidth, left + right, strideWidth);
  const packed = depthwise
    ? 32 * taps * outputChannels
    : taps * roundUp(inputChannels, 4) * roundUp(outputChannels, 8);
  const copy = depthwise ? 0 : taps * inputChannels * outputChannels;
  return 4 * (copy + packed + outputChannels + taps * (rows * columns + 8));
}

/** The same, with the output before the activation where XNNPACK has none. */
function fusedConvolution(args: readonly number[], depthwise: boolean, sizeOf: SizeOf): number {
  const [weights = 0, , out = 0] = args.slice(-3);
  const activation = args.at(-4);
  const between = weights !== 0 || activation === leakyRelu ? 4 * sizeOf(out) : 0;
  // But for the id of the bias, the arguments are those of a convolution.
  const plain = [...args.slice(0, 7), ...args.slice(8)];
  return convolution(plain, depthwise) + between + prelu(weights, sizeOf);
}

/** The number of that activation in C++. */
const leakyRelu = 4;

/** An address for each tap of each output pixel, and a number for each pixel. */
function pool(args: readonly number[], strides: number): number {
  const [, , height = 0, width = 0, filterHeight = 0, filterWidth = 0, ...rest] = args;
  const [top = 0, right = 0, bottom = 0, left = 0] = rest;
  const [strideHeight = 1, strideWidth = 1] = args.slice(strides);
  const pixels =
    outputs(height, filterHeight, top + bottom, strideHeight) *
    outputs(width, filterWidth, left + right, strideWidth);
  return 4 * (filterHeight * filterWidth + 1) * (pixels + 8);
}

/** The packed second factor of a plain product. */
function matMul(args: readonly number[], _: SizeOf, shapes: StockArguments): number {
  const [, , , , , , transposeA, transposeB] = args;
  const [batch = 1, inner = 0, columns = 0] = dimensions(shapes[4]);
  if (transposeA || transposeB || batch !== 1) return 0;
  return 4 * (roundUp(inner, 4) + 1) * roundUp(columns, 8);
}

const prelu = (weights: number, sizeOf: SizeOf): number =>
  weights === 0 ? 0 : 4 * roundUp(sizeOf(weights), 8);

/** A queue of all boxes, and the chosen ones while their list grows and once more as the result. */
function suppression(
  [, scores = 0, most = 0, , , padded]: readonly number[],
  sizeOf: SizeOf,
): number {
  const boxes = sizeOf(scores);
  return 32 * boxes + 40 * (padded ? most : Math.min(most, boxes));
}
