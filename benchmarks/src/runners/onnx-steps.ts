import type { adamWSettings } from '../cases/adamw.ts';
import type { LoadedCase } from '../types.ts';
import type { OnnxNode, OnnxValue } from './onnx-model.ts';
import type { Numbers } from './serve.ts';
import type { StatefulOp } from './tfjs-operations.ts';

/** A graph whose results are inputs of its next run. */
export interface OnnxStep {
  /** What a run replaces: the output `<name>'` is the input `<name>` of the next run. First the case's input, or zeros. */
  readonly state: readonly OnnxValue[];
  /** The inputs that are not state. */
  readonly given: readonly OnnxValue[];
  readonly nodes: readonly OnnxNode[];
  /** What a run, counted from 1, has for an input of `given`: a number, or the case's input of this name. */
  readonly feed: (name: string, run: number) => string | number;
  /** The results as the other runners give them, out of the arrays of the state and the case's inputs. */
  readonly read: (
    arrays: ReadonlyMap<string, Numbers>,
  ) => { readonly shape: readonly number[]; readonly data: Numbers }[];
  readonly runsToRead: number;
}

/** The operations that change what they are given. */
export const steps: Readonly<Record<StatefulOp, (wanted: LoadedCase) => OnnxStep>> = {
  scatterAddRows: ({ inputs }) => {
    const [table, indices, rows] = inputs as readonly OnnxValue[] as [
      OnnxValue,
      OnnxValue,
      OnnxValue,
    ];
    return {
      state: [table],
      given: [indices, rows],
      nodes: [
        { op: 'Constant', inputs: [], output: 'axes', attributes: { value_ints: [1] } },
        { op: 'Unsqueeze', inputs: ['indices', 'axes'], output: 'column' },
        { op: 'Cast', inputs: ['column'], output: 'at', attributes: { to: int64 } },
        {
          op: 'ScatterND',
          inputs: ['table', 'at', 'rows'],
          output: "table'",
          attributes: { reduction: 'add' },
        },
      ],
      feed: (name) => name,
      read: (arrays) => [
        {
          shape: rows.shape,
          data: takeRows(arrays.get('table') as Numbers, arrays.get('indices') as Numbers, rows),
        },
      ],
      runsToRead: 1,
    };
  },
  adamW: ({ attrs, inputs }) => {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = attrs as typeof adamWSettings;
    const parameters: OnnxValue[] = inputs.filter(({ name }) => !/^d[12]\//.test(name));
    const named = (prefix: string) =>
      parameters.map((parameter) => ({ ...parameter, name: `${prefix}/${parameter.name}` }));
    const constants = {
      beta1,
      beta2,
      epsilon,
      'one - beta1': 1 - beta1,
      'one - beta2': 1 - beta2,
      kept: 1 - learningRate * weightDecay,
    };
    return {
      state: [...parameters, ...named('m'), ...named('v')],
      given: [...named('d'), scalar('rate'), scalar('correction')],
      nodes: [
        ...Object.entries(constants).map(
          ([output, float]): OnnxNode => ({
            op: 'Constant',
            inputs: [],
            output,
            attributes: { value_float: { float } },
          }),
        ),
        ...parameters.flatMap(({ name }) => adamWNodes(name)),
      ],
      feed: (name, run) => {
        // Both moments are corrected for their start by numbers of the run.
        if (name === 'rate') return learningRate / (1 - beta1 ** run);
        if (name === 'correction') return 1 / Math.sqrt(1 - beta2 ** run);
        return name.replace(/^d/, run % 2 === 1 ? 'd1' : 'd2');
      },
      read: (arrays) =>
        parameters.map(({ name, shape }) => ({ shape, data: arrays.get(name) as Numbers })),
      runsToRead: 3,
    };
  },
};

/** Of ONNX' types of numbers (onnx.proto, TensorProto.DataType). */
const int64 = 7;

const scalar = (name: string): OnnxValue => ({ name, shape: [], dtype: 'float32' });

function adamWNodes(p: string): OnnxNode[] {
  const [m, v, gradient] = [`m/${p}`, `v/${p}`, `d/${p}`];
  const node = (op: string, inputs: readonly string[], output: string): OnnxNode => ({
    op,
    inputs,
    output,
  });
  const part = (name: string) => `${p}: ${name}`;
  return [
    node('Mul', [m, 'beta1'], part('old m')),
    node('Mul', [gradient, 'one - beta1'], part('new m')),
    node('Add', [part('old m'), part('new m')], `${m}'`),
    node('Mul', [gradient, gradient], part('square')),
    node('Mul', [v, 'beta2'], part('old v')),
    node('Mul', [part('square'), 'one - beta2'], part('new v')),
    node('Add', [part('old v'), part('new v')], `${v}'`),
    node('Sqrt', [`${v}'`], part('root')),
    node('Mul', [part('root'), 'correction'], part('corrected')),
    node('Add', [part('corrected'), 'epsilon'], part('divisor')),
    node('Mul', [`${m}'`, 'rate'], part('moved')),
    node('Div', [part('moved'), part('divisor')], part('change')),
    node('Mul', [p, 'kept'], part('decayed')),
    node('Sub', [part('decayed'), part('change')], `${p}'`),
  ];
}

function takeRows(table: Numbers, indices: Numbers, { shape }: OnnxValue): Float32Array {
  const [count = 0, width = 1] = shape;
  const rows = new Float32Array(count * width);
  for (const [at, index] of indices.entries()) {
    rows.set(table.subarray(index * width, (index + 1) * width), at * width);
  }
  return rows;
}
