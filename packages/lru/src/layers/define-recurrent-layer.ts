import { checkFlag, ShapeError } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import {
  type ArgSpecs,
  type ArgsOf,
  byDefault,
  type CheckedArgs,
  defineLayer,
  flag,
  isModelCall,
  type LayerClass,
  type LayerDefinition,
  optional,
  type PerInput,
} from '@neverend/nn/layers';
import * as tf from '@tensorflow/tfjs-core';
import type { RNN, Shape } from '@tensorflow/tfjs-layers';

/** What all layers over time take, as those of tf.layers. */
export interface RecurrentLayerArgs {
  /** Whether the output has all steps, and not the last alone. Default: true; layers of tf.layers have false. */
  returnSequences?: boolean;
  /** Whether the state after the last step is given too, behind the output. Default: false. */
  returnState?: boolean;
  /** Whether it goes from the last step to the first. The outputs are in the order in which they are made. Default: false. */
  goBackwards?: boolean;
  /** False, where it is given: a layer keeps no state between calls. */
  stateful?: boolean;
}

/** A layer over time. Its inputs are what it reads and, where there is one, the state before the first step. */
export interface RecurrentDefinition<S extends ArgSpecs>
  extends Pick<LayerDefinition<S>, 'name' | 'init'> {
  readonly args: S;
  /** Names of the sequences that it reads. Default: `x` alone. */
  readonly sequences?: readonly string[];
  /** Names of the tensors of a state, in their order. */
  readonly states: readonly string[];
  /** The shapes of these. */
  readonly stateShapes: (inputs: PerInput<Shape>, args: CheckedArgs<S>) => Shape[];
  /** @param state what `states` names; undefined at the beginning. @returns all steps, the state after them, and the last step where that is another than that of `y`. */
  readonly run: (
    inputs: PerInput<tf.Tensor>,
    params: Params,
    call: {
      readonly args: CheckedArgs<S>;
      readonly mask: tf.Tensor | undefined;
      readonly state: readonly tf.Tensor[] | undefined;
    },
  ) => { readonly y: tf.Tensor; readonly state: readonly tf.Tensor[]; readonly last?: tf.Tensor };
}

/** Makes layers over time of one class. They are typed as `RNN`, which `layers.bidirectional` asks for; they have no cell. */
export interface RecurrentFactory<A extends object> {
  (...args: Record<never, never> extends A ? [args?: A] : [args: A]): RNN;
  readonly Layer: LayerClass<A>;
}

const recurrentArgs = {
  returnSequences: byDefault(true, flag),
  returnState: byDefault(false, flag),
  goBackwards: byDefault(false, flag),
  stateful: optional((name, value: boolean) => {
    checkFlag(name, value);
    if (!value) return;
    throw new TypeError(
      `${name} was true; it must be false: pass the state that returnState gives as the initial state of the next call`,
    );
  }),
};

/**
 * `defineLayer` for layers over time, with what people know of `layers.simpleRNN`: `returnSequences`, `returnState`, `goBackwards`,
 * initial states as `apply([x, ...state])` or `apply(x, { initialState })`, masks, and `layers.bidirectional` around them.
 */
export function defineRecurrentLayer<S extends ArgSpecs>({
  name,
  args: specs,
  init,
  sequences = ['x'],
  states,
  stateShapes,
  run,
}: RecurrentDefinition<S>): RecurrentFactory<ArgsOf<S> & RecurrentLayerArgs> {
  type Specs = S & typeof recurrentArgs;
  const stateNames = states.map((state) => `the initial state (${state})`);
  const checkShapes = (shapes: PerInput<Shape>, args: CheckedArgs<S>) => {
    const [x] = shapes;
    if (x.length !== 3 && x.length !== 4) {
      throw new ShapeError(`x was ${told(x)}; it must be [rows, T, E] or [B, T, N, E]`);
    }
    const wanted = stateShapes(shapes, args);
    for (const [at, state] of shapes.slice(sequences.length).entries()) {
      const shape = wanted[at] as Shape;
      const fits = (size: number | null, axis: number) =>
        size === null || state[axis] === null || size === state[axis];
      if (state.length === shape.length && shape.every(fits)) continue;
      throw new ShapeError(`${stateNames[at]} was ${told(state)}; it must be ${told(shape)}`);
    }
  };
  const own = (args: CheckedArgs<Specs>): CheckedArgs<S> => {
    const { returnSequences, returnState, goBackwards, stateful, ...others } = args as CheckedArgs<
      typeof recurrentArgs
    >;
    return others as CheckedArgs<S>;
  };
  const base = defineLayer<Specs>({
    name,
    args: { ...specs, ...recurrentArgs } as Specs,
    inputs: sequences,
    optionalInputs: stateNames,
    masks: 'steps',
    ...(init === undefined ? {} : { init: (inputs, key, args) => init(inputs, key, own(args)) }),
    forward: (inputs, params, { args, mask }) => {
      const { returnSequences, returnState, goBackwards } = args as CheckedArgs<
        typeof recurrentArgs
      >;
      const inOrder = (of: tf.Tensor) => (goBackwards ? tf.reverse(of, 1) : of);
      const given = inputs.slice(sequences.length);
      const { y, state, last } = run(
        inputs.slice(0, sequences.length).map(inOrder) as unknown as PerInput<tf.Tensor>,
        params,
        {
          args: own(args),
          mask: mask && inOrder(mask),
          state: given.length === 0 ? undefined : given,
        },
      );
      const output = returnSequences ? y : (last ?? lastStep(y));
      return returnState ? [output, ...state] : output;
    },
    outputShape: (inputs, args) => {
      const { returnSequences, returnState } = args as CheckedArgs<typeof recurrentArgs>;
      const [rows = null, , ...rest] = inputs[0];
      const output = returnSequences ? inputs[0] : [rows, ...rest];
      if (!returnState) return output;
      return [output, ...stateShapes(inputs, own(args))];
    },
  });

  class RecurrentLayer extends base.Layer {
    readonly returnSequences: boolean;
    readonly returnState: boolean;
    readonly goBackwards: boolean;

    constructor(args: ArgsOf<Specs>) {
      super(args);
      const { returnSequences, returnState, goBackwards } = this.getConfig();
      this.returnSequences = returnSequences === true;
      this.returnState = returnState === true;
      this.goBackwards = goBackwards === true;
      // layers.bidirectional counts them; null stands for any input.
      this.inputSpec = [null as never];
    }

    /** None is kept; layers.bidirectional counts them. */
    get states(): null[] {
      return states.map(() => null);
    }

    protected override assertInputCompatibility(inputs: Parameters<RNN['apply']>[0]): void {
      const shapes = [inputs].flat().map(({ shape }) => shape) as unknown as PerInput<Shape>;
      checkShapes(shapes, own(this.getConfig() as unknown as CheckedArgs<Specs>));
    }

    override apply(...[inputs, kwargs]: Parameters<RNN['apply']>): ReturnType<RNN['apply']> {
      const { initialState, ...others } = kwargs ?? {};
      const listed = [inputs].flat() as tf.Tensor[];
      // In a model it is what an earlier layer left there.
      const stated = isModelCall(this, inputs) ? [] : ([initialState ?? []].flat() as tf.Tensor[]);
      if (listed.length > sequences.length && stated.length > 0) {
        throw new TypeError(
          'the initial state was in inputs and in initialState; it must be in one of them',
        );
      }
      const all = [...listed, ...stated];
      return super.apply(Array.isArray(inputs) || all.length > 1 ? all : inputs, others);
    }

    /** layers.bidirectional hands states over here. */
    override call(...[inputs, kwargs]: Parameters<RNN['call']>): ReturnType<RNN['call']> {
      const { initialState, ...others } = kwargs ?? {};
      return super.call([inputs, initialState ?? []].flat() as tf.Tensor[], others);
    }

    override computeMask(...[inputs, mask]: Parameters<RNN['computeMask']>): tf.Tensor[] {
      const given = [super.computeMask(inputs, mask)].flat();
      const first = this.returnSequences ? (given[0] ?? null) : null;
      const turned = first !== null && this.goBackwards ? reversedMask(first) : first;
      return [turned, ...given.slice(1)] as tf.Tensor[];
    }
  }

  const make = (args?: ArgsOf<Specs>) => new RecurrentLayer(args ?? ({} as ArgsOf<Specs>));
  return Object.assign(make, { Layer: RecurrentLayer }) as unknown as RecurrentFactory<
    ArgsOf<S> & RecurrentLayerArgs
  >;
}

const told = (shape: Shape) => `[${shape.map((size) => size ?? 'null').join(', ')}]`;

/** The shape of a sequence without its time, of another width where one is given. */
export function withoutTime(shape: Shape, width?: number): Shape {
  const [rows = null, , ...rest] = shape;
  return [rows, ...rest.slice(0, -1), width ?? rest.at(-1) ?? null];
}

/** Options of a function over time. */
export function sequence<State>(
  mask: tf.Tensor | undefined,
  state: State | undefined,
): { readonly mask?: tf.Tensor; readonly state?: State } {
  return { ...(mask === undefined ? {} : { mask }), ...(state === undefined ? {} : { state }) };
}

function lastStep(y: tf.Tensor): tf.Tensor {
  const [rows, steps, ...rest] = y.shape as [number, number, ...number[]];
  const last = tf.slice(y, [0, steps - 1], [rows, 1]);
  return tf.reshape(last, [rows, ...rest]);
}

/** Backends turn numbers. */
function reversedMask(mask: tf.Tensor): tf.Tensor {
  return tf.tidy(() => tf.cast(tf.reverse(tf.cast(mask, 'float32'), 1), 'bool'));
}
