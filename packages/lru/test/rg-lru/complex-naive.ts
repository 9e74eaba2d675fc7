import { complexLinearScanNaive } from '../../src/scan/naive.ts';

/** Arrays by the names of the parameters of `complexRgLru`, `x` `[outer, T, N, 2 E]` and `state` `[outer, N, 2 E]`. */
type Arrays = Readonly<Record<string, Float64Array>>;

interface Sizes {
  readonly outer: number;
  readonly steps: number;
  readonly tokens: number;
  /** The number E of complex states. */
  readonly width: number;
  readonly heads: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * The complex unit in float64, number by number.
 *
 * @param segmentPos `[outer, T]`. @returns every h, `[outer, T, N, 2 E]`.
 */
export function complexRgLruNaive(
  arrays: Arrays,
  segmentPos: ArrayLike<number>,
  { outer, steps, tokens, width, heads }: Sizes,
): Float64Array {
  const at = (name: string, index: number) => arrays[name]?.[index] ?? Number.NaN;
  const [inputs, outputs] = [(2 * width) / heads, width / heads];
  const count = outer * steps * tokens;
  const parts = () => new Float64Array(count * width);
  const [aRe, aIm, xRe, xIm] = [parts(), parts(), parts(), parts()];
  const gate = (name: string, vector: number, channel: number) => {
    const [head, column] = [Math.floor(channel / outputs), channel % outputs];
    let sum = at(`${name}/b`, channel);
    for (let row = 0; row < inputs; row++) {
      const weight = (head * inputs + row) * outputs + column;
      sum += at('x', vector * 2 * width + head * inputs + row) * at(`${name}/w`, weight);
    }
    return sigmoid(sum);
  };
  for (let index = 0; index < count * width; index++) {
    const [vector, channel] = [Math.floor(index / width), index % width];
    const gateR = gate('a_gate', vector, channel);
    const logRe = -8 * gateR * Math.log1p(Math.exp(at('a_param', channel)));
    const phase = gateR * at('a_imag_param', channel);
    const isStart = segmentPos[Math.floor(vector / tokens)] === 0;
    const size = isStart ? 0 : Math.exp(logRe);
    aRe[index] = size * Math.cos(phase);
    aIm[index] = size * Math.sin(phase);
    const factor =
      (isStart ? 1 : Math.sqrt(-Math.expm1(2 * logRe))) * gate('input_gate', vector, channel);
    xRe[index] = factor * at('x', vector * 2 * width + channel);
    xIm[index] = factor * at('x', vector * 2 * width + width + channel);
  }
  const half = (part: number) =>
    Float64Array.from({ length: outer * tokens * width }, (_, index) =>
      at('state', Math.floor(index / width) * 2 * width + part * width + (index % width)),
    );
  const { re, im } = complexLinearScanNaive(
    { aRe, aIm, xRe, xIm, h0Re: half(0), h0Im: half(1) },
    [outer, steps, tokens * width],
    false,
  );
  return Float64Array.from({ length: 2 * re.length }, (_, index) => {
    const [vector, c] = [Math.floor(index / (2 * width)), index % (2 * width)];
    return (c < width ? re : im)[vector * width + (c % width)] ?? Number.NaN;
  });
}
