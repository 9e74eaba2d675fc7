import {
  checkedSize,
  checkOptions,
  DTypeError,
  described,
  type RandomKey,
  randomKey,
} from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import type { Dropout } from '../dropout/index.ts';
import type { Params } from '../params.ts';
import { checkInputs, wrongCount } from './inputs.ts';
import { isModelCall, maskReaches } from './mask-reaches.ts';
import { checkMask, maskFits, maskOf } from './masks.ts';
import { mendMergeMasks } from './merge-masks.ts';
import { regularizerOf } from './regularizers.ts';

/** What every layer of tf.layers takes: `name`, `inputShape`, `trainable` and so on. */
export type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Arguments that all layers with weights, or with random numbers in training, share. */
export interface SeededLayerArgs extends LayerArgs {
  /** An integer, the seed of the weights' start and of random numbers in training; another one every time where it is left out. */
  seed?: number;
}

const argsOfTfLayers: readonly (keyof LayerArgs)[] = [
  'inputShape',
  'batchInputShape',
  'batchSize',
  'dtype',
  'name',
  'trainable',
  'weights',
  'inputDType',
];

/** Sizes of an input; undefined where a model leaves one open. */
export type InputSizes = readonly (number | undefined)[];

/** One of something for each input of a layer. */
export type PerInput<T> = readonly [T, ...T[]];

/** An argument of any type. */
export interface AnyArg {
  readonly presence: 'required' | 'optional' | 'default';
  readonly value?: unknown;
  readonly check: (name: string, value: never) => void;
}

/** How a layer takes its arguments, by their names. */
export type ArgSpecs = Readonly<Record<string, AnyArg>>;

/** What an argument may be, by its check. */
export type ArgValue<S extends AnyArg> = S['check'] extends (name: string, value: infer T) => void
  ? T
  : never;

/** What a caller passes for arguments like these. */
export type ArgsOf<S extends ArgSpecs> = SeededLayerArgs & {
  [K in keyof S as S[K]['presence'] extends 'required' ? K : never]: ArgValue<S[K]>;
} & { [K in keyof S as S[K]['presence'] extends 'required' ? never : K]?: ArgValue<S[K]> };

/** The arguments of a layer that was made: checked, and with their defaults. */
export type CheckedArgs<S extends ArgSpecs> = {
  readonly [K in keyof S]: S[K]['presence'] extends 'optional'
    ? ArgValue<S[K]> | undefined
    : ArgValue<S[K]>;
};

/** What a layer's function is told beside inputs and weights. */
export interface LayerCall<S extends ArgSpecs> {
  readonly args: CheckedArgs<S>;
  /** Key of random numbers, another one in every call; undefined where the layer is not in training. */
  readonly key: RandomKey | undefined;
  /** Dropout of this call at a rate; undefined where the layer is not in training. */
  readonly dropout: (rate: number) => Dropout | undefined;
  /** Of the first input, 1 for tokens that count and 0 for padding, float32 of its shape but the last axis, or of steps; undefined where nothing is masked, or the layer takes no mask. */
  readonly mask: tf.Tensor | undefined;
  /** Gives buffers, by their names, new values. They stay the caller's. */
  readonly update: (buffers: Params) => void;
}

/** A layer of tf.layers around a function of tensors and of parameters with slash names. */
export interface LayerDefinition<S extends ArgSpecs> {
  /** The class's name, which a saved model holds: unique among all layers of a program. */
  readonly name: string;
  /** The layer's own arguments, beside those of every layer. */
  readonly args: S;
  /** Names of its inputs, in their order. Default: `x` alone. More and fewer are an error. */
  readonly inputs?: readonly string[];
  /** Names of inputs that may follow, all or none. Default: none. */
  readonly optionalInputs?: readonly string[];
  /** Whether the layer takes a `seed`; where it is left out, whether it has weights. */
  readonly seeded?: boolean;
  /**
   * Whether padding is nothing to other tokens: the layer takes the mask that an embedding makes, and hands it on; `steps`: that of its first
   * two axes, `[B, T]`. Default: false, a mask is an error.
   */
  readonly masks?: boolean | 'steps';
  /** Checks arguments beside one another, when the layer is made. Default: each is checked by itself alone. */
  readonly check?: (args: CheckedArgs<S>) => void;
  /** @returns the weights to start with, the caller's to dispose; no weights where it is left out. */
  readonly init?: (inputs: PerInput<InputSizes>, key: RandomKey, args: CheckedArgs<S>) => Params;
  /** Weights that take a regulariser, as the argument `<weight>Regularizer`. Default: none. */
  readonly regularized?: readonly string[];
  /** Names of weights that have no gradient, and that `forward` may update. Default: none. */
  readonly buffers?: (args: CheckedArgs<S>) => readonly string[];
  /** @returns the layer's function of its inputs: one tensor, or several where `outputShape` tells several shapes. */
  readonly forward: (
    inputs: PerInput<tf.Tensor>,
    params: Params,
    call: LayerCall<S>,
  ) => tf.Tensor | tf.Tensor[];
  /** Shape or shapes of the output. Default: the shape of the first input. */
  readonly outputShape?: (inputs: PerInput<Shape>, args: CheckedArgs<S>) => Shape | Shape[];
}

/** The class of a layer that `defineLayer` made. */
export type LayerClass<A extends object> = (new (
  args: A,
) => layers.Layer) & { readonly className: string };

/** Makes layers of one class; the arguments may be left out where none of them must be given. */
export interface LayerFactory<A extends object> {
  (...args: Record<never, never> extends A ? [args?: A] : [args: A]): layers.Layer;
  readonly Layer: LayerClass<A>;
}

/**
 * Makes a layer of tf.layers out of a function, so that it saves, loads and trains as stock layers do. Call `registerLayers` for
 * `loadLayersModel` to know it.
 *
 * Two layers that another one builds by hand would have weights of equal names, and a model with these does not load; so
 * every weight's name starts with its layer's.
 *
 * @returns a function that makes the layer, with the class in its field `Layer`. It throws a TypeError naming an argument that
 * the layer does not have, and what the checks of `args` throw.
 */
export function defineLayer<S extends ArgSpecs>(
  definition: LayerDefinition<S>,
): LayerFactory<ArgsOf<S>> {
  mendMergeMasks();
  const {
    name,
    args: specs,
    inputs: inputNames = ['x'],
    optionalInputs = [],
    masks = false,
    check,
    init,
    regularized = [],
    buffers,
    forward,
    outputShape,
  } = definition;
  const names = { inputs: inputNames, optionalInputs };
  const regularizerArgs = regularized.map((weight) => `${weight}Regularizer`);
  const seeded = definition.seeded ?? init !== undefined;
  const known = [
    ...Object.keys(specs),
    ...regularizerArgs,
    ...(seeded ? ['seed'] : []),
    ...argsOfTfLayers,
  ];

  class DefinedLayer extends layers.Layer {
    static readonly className: string = name;
    readonly #args: CheckedArgs<S>;
    readonly #regularizers = new Map<string, tf.serialization.Serializable>();
    readonly #seed: number | undefined;
    readonly #drawn: number;
    #calls = 0;
    readonly #weights = new Map<string, LayerVariable>();

    /** TensorFlow.js adds its table of custom objects to what `getConfig` gave. */
    static override fromConfig<T extends tf.serialization.Serializable>(
      cls: tf.serialization.SerializableConstructor<T>,
      { customObjects, ...config }: tf.serialization.ConfigDict,
    ): T {
      return new cls(config);
    }

    constructor(args: ArgsOf<S>) {
      checkOptions(name, args, known as (keyof ArgsOf<S> & string)[]);
      super(args);
      const dtype = args.dtype ?? 'float32';
      if (dtype !== 'float32') throw new DTypeError(`dtype was ${dtype}; it must be float32`);
      // Also where it takes none: TensorFlow.js tells only such layers of a mask.
      this.supportsMasking = true;
      this.#args = checkedArgs(specs, args);
      check?.(this.#args);
      for (const arg of regularizerArgs) {
        const value = (args as Readonly<Record<string, unknown>>)[arg];
        if (value != null) this.#regularizers.set(arg, regularizerOf(arg, value));
      }
      const { seed } = args;
      if (seed != null && !Number.isSafeInteger(seed)) {
        throw new RangeError(`seed was ${described(seed)}; it must be an integer`);
      }
      this.#seed = seed;
      this.#drawn = seed ?? Math.random();
    }

    override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
      const shapes = this.#inputShapes(inputShape);
      const told = outputShape ? outputShape(shapes, this.#args) : shapes[0];
      // A copy: layers.bidirectional writes into it.
      return isList(told) ? told.map((shape) => [...shape]) : [...told];
    }

    #inputShapes(given: Shape | Shape[]): PerInput<Shape> {
      const shapes = shapesOf(given);
      const [few, more] = [inputNames.length, optionalInputs.length];
      // layers.bidirectional gives the states of both directions.
      const taken = [few, few + more, few + 2 * more];
      if (!taken.includes(shapes.length)) throw wrongCount(this, names, shapes.length);
      return shapes;
    }

    override computeMask(
      inputs: tf.Tensor | tf.Tensor[],
      mask?: tf.Tensor | tf.Tensor[],
    ): tf.Tensor | tf.Tensor[] {
      const given = [mask].flat().map((one, at) => (maskReaches(this, at) ? one : null));
      this.#checkMasks([inputs].flat(), given);
      const outputs = this.computeOutputShape([inputs].flat().map(({ shape }) => shape));
      const [tokens] = shapesOf(outputs);
      const first = given[0] != null && maskFits(given[0], tokens) ? given[0] : null;
      const all = isList(outputs) ? [first, ...outputs.slice(1).map(() => null)] : first;
      return all as tf.Tensor | tf.Tensor[];
    }

    override build(inputShape: Shape | Shape[]): void {
      const sizes = this.#inputShapes(inputShape).map((shape) =>
        shape.map((size) => size ?? undefined),
      );
      const key = randomKey(this.#drawn, 'layer');
      const start = init?.(sizes as unknown as PerInput<InputSizes>, key, this.#args) ?? {};
      const frozen = buffers?.(this.#args) ?? [];
      for (const [param, value] of Object.entries(start)) {
        const zeros = initializers.zeros();
        const trainable = !frozen.includes(param);
        const regularizer = this.#regularizers.get(`${param}Regularizer`);
        const weight = this.addWeight(
          ...([`${this.name}/${param}`, value.shape, 'float32', zeros] as const),
          ...([regularizer as never, trainable] as const),
        );
        weight.write(value);
        value.dispose();
        this.#weights.set(param, weight);
      }
      super.build(inputShape);
    }

    override apply(
      ...[inputs, kwargs]: Parameters<layers.Layer['apply']>
    ): ReturnType<layers.Layer['apply']> {
      checkInputs(this, names, inputs);
      const { mask, ...others } = kwargs ?? {};
      if (mask == null) return super.apply(inputs, kwargs);
      // A model leaves the mask of one layer for those behind; computeMask checks what is this one's.
      if (isModelCall(this, inputs)) {
        return super.apply(inputs, maskReaches(this) ? kwargs : others);
      }
      this.#checkMasks([inputs].flat() as tf.Tensor[], [mask].flat());
      return super.apply(inputs, kwargs);
    }

    #checkMasks(
      inputs: readonly tf.Tensor[],
      given: readonly (tf.Tensor | null | undefined)[],
    ): void {
      const at = given.findIndex((one) => one != null);
      const [x] = inputs;
      if (at < 0 || x === undefined) return;
      const met = `the layer "${this.name}" was given a mask`;
      if (!masks) throw new TypeError(`${met}; ${name} takes none, and would count what is masked`);
      if (!(x instanceof tf.Tensor)) {
        throw new TypeError(
          `${met} beside symbolic tensors; in a model it must be that of layers.masking or of an embedding`,
        );
      }
      if (at > 0) {
        throw new TypeError(`${met} of inputs[${at}] alone; ${name} takes that of inputs[0]`);
      }
      checkMask(`mask of the layer "${this.name}"`, given[0] as tf.Tensor, x, masks === 'steps');
    }

    override call(
      inputs: tf.Tensor | tf.Tensor[],
      kwargs: Parameters<layers.Layer['call']>[1],
    ): tf.Tensor | tf.Tensor[] {
      // Wrappers call this alone.
      checkInputs(this, names, inputs);
      return tf.tidy(() => {
        this.invokeCallHook(inputs, kwargs);
        const [first, ...others] = [inputs].flat() as [tf.Tensor, ...tf.Tensor[]];
        const params = [...this.#weights].map(([param, weight]) => [param, weight.read()] as const);
        const trains = kwargs?.['training'] === true;
        const key = trains ? randomKey(this.#drawn, 'call', this.#calls++) : undefined;
        const dropout = (rate: number) =>
          rate === 0 || key === undefined ? undefined : { rate, key };
        const update = (values: Params) => {
          for (const [param, value] of Object.entries(values)) {
            this.#weights.get(param)?.write(value);
          }
        };
        const mask = masks
          ? maskOf(first, [kwargs?.['mask']].flat()[0], masks === 'steps')
          : undefined;
        const call = { args: this.#args, key, dropout, mask, update };
        return forward([first, ...others], Object.fromEntries(params), call);
      });
    }

    override getConfig(): tf.serialization.ConfigDict {
      const seed = this.#seed;
      const given = Object.entries(this.#args).filter(([, value]) => value !== undefined);
      return {
        ...super.getConfig(),
        ...(Object.fromEntries(given) as tf.serialization.ConfigDict),
        ...(seed === undefined ? {} : { seed }),
        ...Object.fromEntries(
          [...this.#regularizers].map(([arg, of]) => [
            arg,
            { className: of.getClassName(), config: of.getConfig() },
          ]),
        ),
      };
    }
  }

  const make = (args?: ArgsOf<S>) => new DefinedLayer(args ?? ({} as ArgsOf<S>));
  return Object.assign(make, { Layer: DefinedLayer as LayerClass<ArgsOf<S>> });
}

/** Makes layers known to `loadLayersModel`. To call it again changes nothing. */
export function registerLayers(
  ...factories: readonly { readonly Layer: { readonly className: string } }[]
): void {
  for (const { Layer } of factories) {
    tf.serialization.registerClass(
      Layer as unknown as tf.serialization.SerializableConstructor<layers.Layer>,
    );
  }
}

/** The last size of an input. @throws ShapeError where a model leaves it open. */
export function inputWidth(sizes: InputSizes): number {
  return checkedSize('the last dimension of the input', sizes.at(-1));
}

function checkedArgs<S extends ArgSpecs>(
  specs: S,
  args: Readonly<Record<string, unknown>>,
): CheckedArgs<S> {
  const checked = Object.entries(specs).map(([name, { presence, value, check }]) => {
    const given = args[name] ?? value;
    if (given !== undefined || presence === 'required') check(name, given as never);
    return [name, given];
  });
  return Object.fromEntries(checked) as CheckedArgs<S>;
}

function shapesOf(inputShape: Shape | Shape[]): PerInput<Shape> {
  return (isList(inputShape) ? inputShape : [inputShape]) as [Shape, ...Shape[]];
}

function isList(shapes: Shape | Shape[]): shapes is Shape[] {
  return Array.isArray(shapes[0]);
}
