import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';

/** A number, or the name of one that JSON has not. */
type Value = number | 'NaN' | 'Infinity' | '-Infinity';

type DType = 'float32' | 'int32' | 'bool' | 'complex64';

/** An input of a case; a long one is ((i * factor) % modulus - offset) / divisor. */
interface CaseInput {
  readonly shape: number[];
  readonly dtype: Exclude<DType, 'complex64'>;
  readonly data?: readonly Value[];
  readonly pattern?: readonly [factor: number, modulus: number, offset: number, divisor: number];
}

/** What an output must be; `every` so many numbers where there are many. Complex ones lie in pairs. */
export interface CaseOutput {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly Value[];
  readonly every?: number;
}

/** A call of a function of TensorFlow.js, and what float64 makes of it. */
export interface OpSweepCase {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  /** `$0` is the first input. */
  readonly args: readonly unknown[];
  readonly outputs: readonly CaseOutput[];
  /** Each number is compared to its own size. */
  readonly relative?: boolean;
  /** Of the weighted sum of all outputs, for each input of float32. */
  readonly gradients?: readonly (readonly Value[])[];
  /** The gradient of the derivative along `directionAt`. */
  readonly seconds?: readonly (readonly Value[])[];
  /** Where the function has a corner: ways, and between what the derivative along each must be. */
  readonly bounds?: readonly {
    readonly way: number[];
    readonly low: number;
    readonly high: number;
  }[];
}

const files = ['elementwise', 'reductions', 'shapes', 'windows', 'images', 'others'];

/** All cases, which `oracles/stock_ops` of the repository makes. */
export const opSweepCases = (): OpSweepCase[] =>
  files.flatMap((name): OpSweepCase[] => {
    const url = new URL(`../golden/stock-ops/${name}.json`, import.meta.url);
    return JSON.parse(readFileSync(url, 'utf8'));
  });

/** The weight of the k-th number of all outputs. */
export const weightAt = (k: number): number => (((k * 7919) % 101) - 50) / 32;

/** The step of the k-th number of all inputs of float32, along which the second gradient is taken. */
export const directionAt = (k: number): number => (((k * 104729) % 97) - 48) / 32;

/** The tensor of an input; the caller disposes it. */
export function inputTensor({ shape, dtype, data, pattern }: CaseInput): tf.Tensor {
  if (data !== undefined) return tf.tensor(data.map(Number), shape, dtype);
  if (pattern === undefined) throw new Error('an input has neither data nor a pattern');
  const [factor, modulus, offset, divisor] = pattern;
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  const values = new (dtype === 'int32' ? Int32Array : Float32Array)(size);
  for (let i = 0; i < size; i++) values[i] = (((i * factor) % modulus) - offset) / divisor;
  return tf.tensor(values, shape, dtype);
}

/** Calls the function; what it makes belongs to the scope that is open. */
export async function callOp(
  { op, args }: OpSweepCase,
  inputs: readonly tf.Tensor[],
): Promise<tf.Tensor[]> {
  return tensorsOf(await functionOf(op)(...args.map((arg) => decoded(arg, inputs))));
}

/** The same of a function that gives its tensors at once. */
export const callOpNow = ({ op, args }: OpSweepCase, inputs: readonly tf.Tensor[]): tf.Tensor[] =>
  tensorsOf(functionOf(op)(...args.map((arg) => decoded(arg, inputs))));

/** The function of TensorFlow.js of a name such as `image.resizeBilinear`. */
function functionOf(op: string): (...args: unknown[]) => unknown {
  const found = op
    .split('.')
    .reduce<unknown>((from, key) => (from as Record<string, unknown>)[key], tf);
  if (typeof found !== 'function') throw new Error(`TensorFlow.js has no function ${op}`);
  return found as (...args: unknown[]) => unknown;
}

function decoded(arg: unknown, inputs: readonly tf.Tensor[]): unknown {
  if (arg === null) return undefined;
  if (Array.isArray(arg)) return arg.map((part) => decoded(part, inputs));
  if (typeof arg === 'object') {
    const { complex, cast, tensor, dtype } = arg as Record<string, unknown>;
    if (cast !== undefined) return tf.cast(decoded(cast, inputs) as tf.Tensor, 'float32');
    if (complex !== undefined) {
      const [real, imag] = decoded(complex, inputs) as [tf.Tensor, tf.Tensor];
      return tf.complex(real, imag);
    }
    if (tensor !== undefined) return tf.tensor(tensor as number[], undefined, dtype as 'int32');
    return Object.fromEntries(Object.entries(arg).map(([key, of]) => [key, decoded(of, inputs)]));
  }
  if (typeof arg !== 'string') return arg;
  if (arg === 'Infinity' || arg === '-Infinity') return Number(arg);
  return /^\$\d+$/.test(arg) ? inputs[Number(arg.slice(1))] : arg;
}

function tensorsOf(result: unknown): tf.Tensor[] {
  if (result instanceof tf.Tensor) return [result];
  if (typeof result === 'object' && result !== null)
    return Object.values(result).flatMap(tensorsOf);
  throw new Error(`it gave ${String(result)}, which is no tensor`);
}
