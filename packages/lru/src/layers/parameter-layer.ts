import { type RandomKey, randomKey, ShapeError } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import type { Params } from '../params.ts';

/** What every layer of tf.layers takes: `name`, `inputShape`, `trainable` and so on. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Arguments that all layers of this package share. */
export interface ParameterLayerArgs extends LayerArgs {
  /** Of the weights' start; another one every time where it is left out. */
  seed?: number;
}

/**
 * A tf.layers layer around a function of one tensor and parameters with slash names. Two layers that another
 * one builds by hand would have weights of equal names, and a model with these does not load; so every
 * weight's name starts with its layer's.
 */
export abstract class ParameterLayer extends layers.Layer {
  readonly #seed: number | undefined;
  readonly #weights = new Map<string, LayerVariable>();

  constructor(args: ParameterLayerArgs) {
    super(args);
    this.#seed = args.seed;
  }

  /** @returns the weights to start with, the caller's to dispose. */
  protected abstract init(inputShape: readonly (number | undefined)[], key: RandomKey): Params;

  /** @returns the layer's function of `x`. */
  protected abstract forward(x: tf.Tensor, params: Params): tf.Tensor;

  override build(inputShape: Shape | Shape[]): void {
    const seed = this.#seed ?? Math.random();
    const start = this.init(sizesOf(inputShape), randomKey(seed, 'layer'));
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
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      if (x === undefined) throw new ShapeError('inputs was empty; it must hold one tensor');
      const params = [...this.#weights].map(([name, weight]) => [name, weight.read()] as const);
      return this.forward(x, Object.fromEntries(params));
    });
  }

  override getConfig(): tf.serialization.ConfigDict {
    const seed = this.#seed;
    return { ...super.getConfig(), ...(seed === undefined ? {} : { seed }) };
  }
}

/** The only input's shape; undefined where a model leaves a size open. */
function sizesOf(inputShape: Shape | Shape[]): (number | undefined)[] {
  const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as Shape;
  return shape.map((size) => size ?? undefined);
}

/** @throws ShapeError unless a layer's argument, or a dimension that it must know, is a positive integer. */
export function positive(name: string, size: number | undefined): number {
  if (size === undefined || !Number.isInteger(size) || size < 1) {
    throw new ShapeError(`${name} was ${size ?? 'not given'}; it must be a positive integer`);
  }
  return size;
}
