import * as tf from '@tensorflow/tfjs-core';
import { addKernel } from './registry.ts';

type Kind = 'INT' | 'BOOL' | 'STRING' | 'TYPE';
type Attribute = readonly [name: string, kind: Kind, value: string | number | boolean | number[]];
type Constant = `TF_ATTR_${Kind}` | 'TF_FLOAT' | 'TF_INT32' | 'TF_INT64' | 'TF_BOOL';

/** What TensorFlow made, before TensorFlow.js has a tensor of it. */
interface Made {
  readonly id: number;
}

interface NodeBackend {
  readonly binding: Readonly<Record<Constant, number>> & {
    executeOp(
      name: string,
      attrs: readonly object[],
      ids: readonly number[],
      count: number,
    ): Made[];
    deleteTensor(id: number): void;
  };
  getInputTensorIds(inputs: readonly tf.TensorInfo[]): number[];
  createOutputTensor(made: Made): tf.Tensor;
}

class Operations {
  readonly #backend: NodeBackend;

  constructor(backend: unknown) {
    this.#backend = backend as NodeBackend;
  }

  typeOf({ dtype }: tf.TensorInfo): number {
    const { TF_FLOAT, TF_INT32, TF_BOOL } = this.#backend.binding;
    return { float32: TF_FLOAT, int32: TF_INT32, bool: TF_BOOL }[dtype as 'float32'];
  }

  #execute(
    name: string,
    attrs: readonly Attribute[],
    ids: readonly number[],
    count: number,
  ): Made[] {
    const { binding } = this.#backend;
    const all = attrs.map(([key, kind, value]) => ({
      name: key,
      type: binding[`TF_ATTR_${kind}`],
      value,
    }));
    return binding.executeOp(name, all, ids, count);
  }

  run(name: string, attrs: readonly Attribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor {
    const [made] = this.#execute(name, attrs, this.#backend.getInputTensorIds(inputs), 1);
    return this.#backend.createOutputTensor(made as Made);
  }

  /** Values, and places that are int64 to TensorFlow. */
  withPlaces(name: string, attrs: readonly Attribute[], x: tf.TensorInfo): tf.Tensor[] {
    const { TF_INT64, TF_INT32 } = this.#backend.binding;
    const all: Attribute[] = [...attrs, ['Targmax', 'TYPE', TF_INT64]];
    const [values, places] = this.#execute(name, all, this.#backend.getInputTensorIds([x]), 2) as [
      Made,
      Made,
    ];
    const types: Attribute[] = [
      ['SrcT', 'TYPE', TF_INT64],
      ['DstT', 'TYPE', TF_INT32],
      ['Truncate', 'BOOL', false],
    ];
    const [cast] = this.#execute('Cast', types, [places.id], 1);
    this.#backend.binding.deleteTensor(places.id);
    return [values, cast as Made].map((made) => this.#backend.createOutputTensor(made));
  }
}

type Inputs = Record<string, tf.TensorInfo>;
type Work = (on: Operations, inputs: Inputs, attrs: tf.NamedAttrMap) => tf.Tensor | tf.Tensor[];

const input = (inputs: Inputs, name: string): tf.TensorInfo => inputs[name] as tf.TensorInfo;

const ofSegments =
  (name: string): Work =>
  (on, inputs) => {
    const [data, indices, segments] = ['data', 'indices', 'segmentIds'].map((key) =>
      input(inputs, key),
    );
    const [x, rows, ids] = [data, indices, segments] as [
      tf.TensorInfo,
      tf.TensorInfo,
      tf.TensorInfo,
    ];
    return on.run(
      name,
      [
        ['T', 'TYPE', on.typeOf(x)],
        ['Tidx', 'TYPE', on.typeOf(rows)],
      ],
      [x, rows, ids],
    );
  };

const works: Readonly<Record<string, Work>> = {
  SearchSorted: (on, inputs, attrs) => {
    const sorted = input(inputs, 'sortedSequence');
    const { side } = attrs as unknown as tf.SearchSortedAttrs;
    const name = side === 'left' ? 'LowerBound' : 'UpperBound';
    return on.run(name, [['T', 'TYPE', on.typeOf(sorted)]], [sorted, input(inputs, 'values')]);
  },
  BitwiseAnd: (on, inputs) => {
    const a = input(inputs, 'a');
    return on.run('BitwiseAnd', [['T', 'TYPE', on.typeOf(a)]], [a, input(inputs, 'b')]);
  },
  DenseBincount: (on, inputs, attrs) => {
    const { size, binaryOutput } = attrs as unknown as tf.DenseBincountAttrs;
    const [x, weights] = [input(inputs, 'x'), input(inputs, 'weights')];
    const count = tf.scalar(size, 'int32');
    try {
      return on.run(
        'DenseBincount',
        [
          ['T', 'TYPE', on.typeOf(weights)],
          ['Tidx', 'TYPE', on.typeOf(x)],
          ['binary_output', 'BOOL', binaryOutput === true],
        ],
        [x, count, weights],
      );
    } finally {
      count.dispose();
    }
  },
  MaxPoolWithArgmax: (on, inputs, attrs) => {
    const x = input(inputs, 'x');
    const { filterSize, strides, pad, includeBatchInIndex } =
      attrs as unknown as tf.MaxPoolWithArgmaxAttrs;
    const info = tf.backend_util.computePool2DInfo(
      x.shape as [number, number, number, number],
      filterSize,
      strides,
      1,
      pad,
    );
    tf.util.assert(
      info.padInfo.type === 'VALID' || info.padInfo.type === 'SAME',
      () =>
        `pad of maxPoolWithArgmax must be 'same' or 'valid' on tensorflow, and was ${JSON.stringify(pad)}`,
    );
    const attributes: Attribute[] = [
      ['T', 'TYPE', on.typeOf(x)],
      ['ksize', 'INT', [1, info.filterHeight, info.filterWidth, 1]],
      ['strides', 'INT', [1, info.strideHeight, info.strideWidth, 1]],
      ['padding', 'STRING', info.padInfo.type],
      ['include_batch_in_index', 'BOOL', includeBatchInIndex === true],
    ];
    return on.withPlaces('MaxPoolWithArgmax', attributes, x);
  },
  SparseSegmentSum: ofSegments('SparseSegmentSum'),
  SparseSegmentMean: ofSegments('SparseSegmentMean'),
};

/** Operations that TensorFlow has, and TensorFlow.js no kernel of. */
export function registerTensorflowMissing(): void {
  for (const [kernelName, work] of Object.entries(works)) {
    addKernel({
      kernelName,
      backendName: 'tensorflow',
      kernelFunc: ({ inputs, attrs, backend }) =>
        work(new Operations(backend), inputs as Inputs, (attrs ?? {}) as tf.NamedAttrMap),
    });
  }
}
