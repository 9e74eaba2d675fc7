import * as tf from '@tensorflow/tfjs-core';
import { endAtNoNumbers, type TapeNode } from './no-numbers.ts';
import { quotientOfDivNoNan, rootOfNorm } from './zeros.ts';

/** The part of TensorFlow.js' engine that records operations. */
interface Recorder {
  readonly state: {
    readonly activeTape: TapeNode[] | null;
    readonly scopeStack: readonly { readonly name: string }[];
  };
  addTapeNode(this: Recorder, ...node: unknown[]): void;
}

/** Kernels whose gradient is another one inside of a function, and its name. */
const within: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  divNoNan__op: { RealDiv: quotientOfDivNoNan },
  norm__op: { Sqrt: rootOfNorm },
};

const mended = Symbol.for('neverend.savedOutputs');

/**
 * What an operation saves of its output for its gradient is a copy, which stock TensorFlow.js records before the operation
 * itself. A second gradient then takes it for a constant: those of tanh, sigmoid, exp, softmax and of all that saves
 * what it gave are wrong without a word. The operation is recorded before the copies. The quotient of `divNoNan` and the root
 * of `norm`, which no registry tells from others, get their gradients here
 * too, as do operations of no numbers.
 */
export function registerSavedOutputs(): void {
  const engine = tf.engine() as unknown as Recorder & { [mended]?: true };
  if (engine[mended]) return;
  engine[mended] = true;
  const { addTapeNode } = engine;
  engine.addTapeNode = (kernelName, ...node) => {
    const renamed = within[engine.state.scopeStack.at(-2)?.name ?? '']?.[kernelName as string];
    addTapeNode.call(engine, renamed ?? kernelName, ...node);
    const tape = engine.state.activeTape;
    const added = tape?.at(-1);
    if (tape === null || added === undefined) return;
    endAtNoNumbers(added);
    if (added.saved.length === 0) return;
    const saved = new Set(added.saved);
    let place = tape.length - 1;
    while (place > 0 && tape[place - 1]?.outputs.every((x) => saved.has(x))) place--;
    tape.pop();
    tape.splice(place, 0, added);
  };
}
