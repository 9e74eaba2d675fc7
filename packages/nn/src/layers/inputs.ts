import { described, ShapeError } from '@neverend/backend';
import { Tensor } from '@tensorflow/tfjs-core';
import { type layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

/** Names of what a layer is given. */
export interface InputNames {
  readonly inputs: readonly string[];
  /** Those that may follow, all or none. */
  readonly optionalInputs: readonly string[];
}

/** @throws TypeError naming an input that is no tensor. @throws ShapeError where there are more or fewer than the layer takes. */
export function checkInputs(layer: layers.Layer, names: InputNames, given: unknown): void {
  const { inputs, optionalInputs } = names;
  const all = [...inputs, ...optionalInputs];
  const listed = [given].flat();
  const wrong = listed.findIndex(
    (one) => !(one instanceof Tensor || one instanceof SymbolicTensor),
  );
  if (wrong >= 0) {
    const met = `${all[wrong] ?? `inputs[${wrong}]`} of the layer "${layer.name}"`;
    throw new TypeError(`${met} was ${described(listed[wrong])}; it must be a tensor`);
  }
  if (new Set(listed.map((one) => one instanceof SymbolicTensor)).size > 1) {
    throw new TypeError(
      `the layer "${layer.name}" was given symbolic tensors and others; all must be symbolic or none`,
    );
  }
  if (listed.length !== inputs.length && listed.length !== all.length) {
    throw wrongCount(layer, names, listed.length);
  }
}

/** What is said of another number of inputs than a layer takes. */
export function wrongCount(
  layer: layers.Layer,
  { inputs, optionalInputs }: InputNames,
  count: number,
): ShapeError {
  const taken = [inputs, ...(optionalInputs.length > 0 ? [[...inputs, ...optionalInputs]] : [])];
  const wanted = taken.map((names) => `${names.length} (${names.join(', ')})`).join(' or ');
  const met = `${count} input${count === 1 ? '' : 's'}`;
  return new ShapeError(
    `the layer "${layer.name}" was given ${met}; ${layer.getClassName()} takes ${wanted}`,
  );
}
