/**
 * What layers of tf.layers are made with, in any package.
 *
 * @module
 */

import { checkedSize, type RandomKey, randomKey, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import type { Params } from './params.ts';

/** What every layer of tf.layers takes: `name`, `inputShape`, `trainable` and so on. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Arguments that all layers with parameters share. */
export interface ParameterLayerArgs extends LayerArgs {
  /** Of the weights' start, and of random numbers in training; another one every time where it is left out. */
  seed?: number;
}

/** Sizes of an input; undefined where a model leaves one open. */
export type InputSizes = readonly (number | undefined)[];

/** One of something for each input of a layer. */
export type PerInput<T> = readonly [T, ...T[]];

/**
 * A tf.layers layer around a function of one tensor or several, and of parameters with slash names, if it has any. Two
 * layers that another one builds by hand would have weights of equal names, and a model with these does not load; so
 * every weight's name starts with its layer's.
 */
export abstract class FunctionLayer extends layers.Layer {
  readonly #seed: number | undefined;
  readonly #drawn: number;
  #calls = 0;
  readonly #weights = new Map<string, LayerVariable>();

  constructor(args: ParameterLayerArgs) {
    super(args);
    this.#seed = args.seed;
    this.#drawn = args.seed ?? Math.random();
  }

  /** @returns the weights to start with, the caller's to dispose; none where it is not overridden. */
  protected init(_inputs: PerInput<InputSizes>, _key: RandomKey): Params {
    return {};
  }

  /**
   * @param key of random numbers, another one in every call; undefined where the layer is not in training.
   * @returns the layer's function of its inputs.
   */
  protected abstract forward(
    inputs: PerInput<tf.Tensor>,
    params: Params,
    key: RandomKey | undefined,
  ): tf.Tensor;

  /** The shape of the first input, where it is not overridden. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    return shapesOf(inputShape)[0];
  }

  override build(inputShape: Shape | Shape[]): void {
    const sizes = shapesOf(inputShape).map((shape) => shape.map((size) => size ?? undefined));
    const key = randomKey(this.#drawn, 'layer');
    const start = this.init(sizes as unknown as PerInput<InputSizes>, key);
    for (const [name, value] of Object.entries(start)) {
      const zeros = initializers.zeros();
      const weight = this.addWeight(`${this.name}/${name}`, value.shape, 'float32', zeros);
      weight.write(value);
      value.dispose();
      this.#weights.set(name, weight);
    }
    super.build(inputShape);
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: Parameters<layers.Layer['call']>[1],
  ): tf.Tensor {
    return tf.tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const [first, ...others] = Array.isArray(inputs) ? inputs : [inputs];
      if (first === undefined) throw new ShapeError('inputs was empty; it must hold a tensor');
      const params = [...this.#weights].map(([name, weight]) => [name, weight.read()] as const);
      const trains = kwargs?.['training'] === true;
      const key = trains ? randomKey(this.#drawn, 'call', this.#calls++) : undefined;
      return this.forward([first, ...others], Object.fromEntries(params), key);
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const seed = this.#seed;
    return { ...super.getConfig(), ...(seed === undefined ? {} : { seed }) };
  }
}

/** The last size of an input. @throws ShapeError where a model leaves it open. */
export function inputWidth(sizes: InputSizes): number {
  return checkedSize('the last dimension of the input', sizes.at(-1));
}

function shapesOf(inputShape: Shape | Shape[]): [Shape, ...Shape[]] {
  return (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as [Shape, ...Shape[]];
}
