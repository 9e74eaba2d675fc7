/** Sizes of a convolution of images `[batch, height, width, in]`. */
export interface ConvSizes {
  readonly input: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly output: readonly [number, number, number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Above and left of the image. */
  readonly padding: readonly [number, number];
}

/** The gradients of a convolution by plain loops: every channel with every one, or depthwise. */
export function naiveConvGradients(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  dy: ArrayLike<number>,
  { input, filter, output, strides, dilations, padding }: ConvSizes,
  depthwise: boolean,
): { dx: Float64Array; dw: Float64Array } {
  const [dx, dw] = [new Float64Array(x.length), new Float64Array(w.length)];
  const [batch, height, width, channels] = input;
  const [filterHeight, filterWidth, , last] = filter;
  const [, outHeight, outWidth, outChannels] = output;
  for (let n = 0; n < batch; n++)
    for (let row = 0; row < outHeight; row++)
      for (let column = 0; column < outWidth; column++)
        for (let tapRow = 0; tapRow < filterHeight; tapRow++)
          for (let tapColumn = 0; tapColumn < filterWidth; tapColumn++) {
            const i = row * strides[0] - padding[0] + tapRow * dilations[0];
            const j = column * strides[1] - padding[1] + tapColumn * dilations[1];
            if (i < 0 || i >= height || j < 0 || j >= width) continue;
            for (let c = 0; c < channels; c++)
              for (let m = 0; m < last; m++) {
                const inX = ((n * height + i) * width + j) * channels + c;
                const inW = ((tapRow * filterWidth + tapColumn) * channels + c) * last + m;
                const pixel = (n * outHeight + row) * outWidth + column;
                const inDy = pixel * outChannels + (depthwise ? c * last + m : m);
                dx[inX] = (dx[inX] ?? 0) + (dy[inDy] ?? 0) * (w[inW] ?? 0);
                dw[inW] = (dw[inW] ?? 0) + (dy[inDy] ?? 0) * (x[inX] ?? 0);
              }
          }
  return { dx, dw };
}
