import * as tf from '@tensorflow/tfjs-core';

/** What of TensorFlow.js' engine sets a backend. */
interface Engine {
  readonly backendName: string | null;
  readonly backendInstance: tf.KernelBackend | null;
  readonly registry: object;
  getSortedBackends(): string[];
  initializeBackendsAndReturnBest(): { readonly name: string; readonly asyncInit: boolean };
  ready(): Promise<void>;
  setBackend(name: string): Promise<boolean>;
}

const engine = tf.engine() as unknown as Engine;

/** The current backend, where TensorFlow.js took it by itself. */
let own = ownBefore();
/** What TensorFlow.js itself is about to set. */
let next: string | undefined;

/** A backend that was current before anyone watched is taken for its own choice where it would have chosen the same. */
function ownBefore(): string | undefined {
  if (!engine.backendInstance) return undefined;
  const first = engine.getSortedBackends().find((name) => name in engine.registry);
  return first === engine.backendName ? first : undefined;
}

/**
 * Whether nobody chose the current backend: with none set, `tf.ready()` and the first operation take the registered
 * one with the highest priority, by the same function that an application calls.
 */
export const isOwnChoice = (): boolean => own !== undefined && own === engine.backendName;

/** Sets a backend as TensorFlow.js itself does. */
export function setAsOwn(name: string): Promise<boolean> {
  next = name;
  return engine.setBackend(name);
}

const { setBackend, ready, initializeBackendsAndReturnBest } = engine;

engine.setBackend = function (name) {
  own = name === next ? name : undefined;
  next = undefined;
  return setBackend.call(this, name);
};

// What an operation calls that finds no backend, right before it sets what this returns.
engine.initializeBackendsAndReturnBest = function () {
  const best = initializeBackendsAndReturnBest.call(this);
  if (!best.asyncInit) next = best.name;
  return best;
};

const inReady = new Proxy(engine, {
  get: (target, key) => (key === 'setBackend' ? setAsOwn : Reflect.get(target, key)),
});
engine.ready = () => ready.call(inReady);
