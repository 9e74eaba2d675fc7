import type * as tf from '@tensorflow/tfjs-core';
import type { Case, Hello, Op } from '../types.ts';

export type Tensors = Readonly<Record<string, tf.Tensor>>;
type Attrs = Case['attrs'];

/** An operation of the inputs, without side effects. */
export type Pure = (inputs: Tensors, attrs: Attrs) => tf.Tensor;

/** Something that keeps state from run to run. */
export interface Stateful {
  readonly run: () => void | Promise<void>;
  /** What a run has changed, as new tensors. */
  readonly read: () => tf.Tensor[];
  readonly dispose: () => void;
  /** Runs before the first `read`. Default: 1. */
  readonly runsToRead?: number;
}

export type StatefulOp = Extract<Op, 'scatterAddRows' | 'adamW'>;
export type ModelOp = Extract<
  Op,
  | ('trecvitClip' | 'trecvitStream')
  | ('peer' | 'peerStep' | 'productKeySearch' | 'weightedRows' | 'rowProducts')
>;

/** Keeps the inputs that it is given, and disposes them with its own tensors. */
type MakeStateful = (inputs: Tensors, attrs: Attrs) => Stateful;

/** The operations of a package on TensorFlow.js. */
export interface Operations {
  readonly pure: Readonly<Record<Exclude<Op, StatefulOp | ModelOp>, Pure>>;
  readonly stateful: Readonly<Record<StatefulOp, MakeStateful>>;
  /** Whole models and layers; stock TensorFlow.js has none. */
  readonly models?: Readonly<Record<ModelOp, MakeStateful>>;
}

/** A backend that runs, and what runs on it. */
export interface Started {
  readonly hello: Hello;
  readonly operations: Operations;
  readonly gpu: boolean;
}

/** The input of this name, which every case of the operation has. */
export function input(inputs: Tensors, name: string): tf.Tensor {
  const tensor = inputs[name];
  if (tensor === undefined) throw new Error(`the case has no input "${name}"`);
  return tensor;
}

/** The names of an AdamW case's parameters. */
export const parameterNames = (inputs: Tensors): string[] =>
  Object.keys(inputs).filter((name) => !/^d[12]\//.test(name));
