import { CheckpointError, type OpenSafetensors } from '@neverend/checkpoint';
import type { CheckpointParts } from '@neverend/checkpoint/node';
import { readIntoVariable, readTensor } from '@neverend/checkpoint/tensors';
import { type Params, variablesOf, withPrefix } from '@neverend/nn';
import {
  AdamW,
  clipByGlobalNorm,
  LazyAdam,
  mergeRows,
  RowAdagrad,
  type RowGradient,
} from '@neverend/optim';
import { type RowGradients, rowGradients } from '@neverend/product-keys';
import * as tf from '@tensorflow/tfjs-core';
import type { LanguageModelConfig } from '../language-model/config.ts';
import { crossEntropy } from '../language-model/cross-entropy.ts';
import { languageModel } from '../language-model/language-model.ts';
import { specialParams } from '../language-model/params.ts';
import { disposeAll, tidied } from '../language-model/tidied.ts';
import type { Windows } from '../text/windows.ts';
import type { ResolvedSettings } from './train-settings.ts';

/** What a step was. */
export interface StepFigures {
  /** Mean cross-entropy, in nats a token. */
  readonly loss: number;
  /** What feed-forward layers added to it; left out where they add nothing. */
  readonly auxiliaryLoss?: number;
  /** Of all gradients that are no tables', before they were clipped. */
  readonly gradientNorm: number;
  /** Of those of tables; left out where there are none. */
  readonly tableGradientNorm?: number;
}

/** The rates of a step. */
export interface StepRates {
  readonly learningRate: number;
  readonly tableLearningRate: number;
}

type Gradients = Pick<RowGradients<string>, 'grads' | 'rows'>;

const names = { next: 0 };

/** Parameters that are trained, and their optimisers. */
export class TrainedParams {
  /** By the model's names; they change with each step. */
  readonly params: Params;
  readonly #config: LanguageModelConfig;
  readonly #settings: ResolvedSettings;
  /** TensorFlow.js wants variables' names unique in the process; checkpoints want them stable. */
  readonly #scope: string = `neverend-peer-${names.next++}/`;
  readonly #variables: Readonly<Record<string, tf.Variable>>;
  readonly #tables: Readonly<Record<string, tf.Variable>>;
  readonly #dense: readonly tf.Variable[];
  readonly #optimizer: AdamW;
  readonly #rowOptimizer: LazyAdam | RowAdagrad | undefined;

  /**
   * @param params become the training's, so that a table is never there twice.
   * @throws RangeError for a setting that an optimiser refuses. The parameters stay the caller's then.
   */
  constructor(config: LanguageModelConfig, params: Params, settings: ResolvedSettings) {
    const { learningRate, weightDecay, beta2 } = settings;
    const { tables, buffers } = specialParams(config);
    this.#config = config;
    this.#settings = settings;
    const groups = [{ match: spared, weightDecay: 0 }];
    this.#optimizer = new AdamW({ learningRate, weightDecay, beta2, groups });
    this.#variables = variablesOf(params, this.#scope);
    this.params = Object.freeze({ ...this.#variables });
    const of = (list: readonly string[]) =>
      Object.fromEntries(list.map((name) => [name, this.#variables[name] as tf.Variable]));
    this.#tables = of(tables);
    const special = [...tables, ...buffers];
    this.#dense = Object.entries(this.#variables).flatMap(([name, variable]) =>
      special.includes(name) ? [] : [variable],
    );
    try {
      if (tables.length > 0) this.#rowOptimizer = rowOptimizer(settings, this.#tables);
    } catch (error) {
      tf.dispose(this.#variables);
      throw error;
    }
    tf.dispose(Object.values(params));
  }

  /**
   * One update.
   *
   * @param parts the windows of the step, in parts of equal sizes.
   * @param check is given the figures before anything changes; what it throws ends the step.
   */
  async step(
    parts: readonly Windows[],
    rates: StepRates,
    check: (figures: StepFigures) => void,
  ): Promise<StepFigures> {
    const sums: Gradients[] = [];
    let [loss, auxiliaryLoss] = [0, 0];
    let buffers: Readonly<Record<string, tf.Tensor>> = {};
    try {
      for (const part of parts) {
        const found = await this.#gradientsOf(part);
        const before = buffers;
        // Each part moves the figures that were there before the step: their mean moves by all of its tokens.
        buffers = tf.tidy(() =>
          mapped(found.buffers, (tensor, name) => {
            const share = tf.div(tensor, parts.length);
            return before[name] ? tf.add(before[name], share) : share;
          }),
        );
        disposeAll([before, found.buffers]);
        loss += found.loss / parts.length;
        auxiliaryLoss += found.auxiliaryLoss / parts.length;
        sums.push(found);
        if (sums.length > 1) sums.push(await added(sums.splice(0)));
      }
      const { clipped, clippedRows, ...norms } = await this.#clip(
        sums[0] as Gradients,
        parts.length,
      );
      try {
        const figures = { loss, ...(auxiliaryLoss !== 0 && { auxiliaryLoss }), ...norms };
        check(figures);
        await this.#apply(clipped, clippedRows, buffers, rates);
        return figures;
      } finally {
        disposeGradients({ grads: clipped, rows: clippedRows });
      }
    } finally {
      sums.forEach(disposeGradients);
      disposeAll(buffers);
    }
  }

  async #gradientsOf({ inputs, targets, rows, length }: Windows) {
    const beside: { entropy?: tf.Scalar; buffers: Record<string, tf.Tensor> } = { buffers: {} };
    const tensors = [inputs, targets].map((data) => tf.tensor2d(data, [rows, length], 'int32'));
    const [tokens, next] = tensors as [tf.Tensor2D, tf.Tensor2D];
    const lossOf = () =>
      tidied(() => {
        const result = languageModel(tokens, this.params, this.#config, { training: true });
        const entropy = crossEntropy(result.logits, next);
        beside.entropy = tf.keep(tf.clone(entropy));
        for (const [name, tensor] of Object.entries(result.buffers)) {
          beside.buffers[name] = tf.keep(tf.clone(tensor));
        }
        const { auxiliaryLoss } = result;
        return auxiliaryLoss === undefined ? entropy : tf.add<tf.Scalar>(entropy, auxiliaryLoss);
      });
    try {
      const { value, ...gradients } = await rowGradients(lossOf, {
        tables: this.#tables,
        variables: this.#dense,
      });
      const total = await scalarOf(value);
      const loss = await scalarOf(beside.entropy as tf.Scalar);
      value.dispose();
      return { ...gradients, loss, auxiliaryLoss: total - loss, buffers: beside.buffers };
    } catch (error) {
      disposeAll(beside.buffers);
      throw error;
    } finally {
      disposeAll([tensors, beside.entropy ?? []]);
    }
  }

  /** The mean of what was summed, clipped. */
  async #clip({ grads, rows }: Gradients, parts: number) {
    const { clipNorm, tableClipNorm } = this.#settings;
    const mean = (sum: tf.Tensor) => (parts === 1 ? tf.clone(sum) : tf.div(sum, parts));
    // Without the indices: tf.tidy would look at each of them.
    const means = tidied(() => ({
      grads: mapped(grads, mean),
      rows: mapped(rows, (of) => mean(of.rows)),
    }));
    const ofRows = mapped(rows, ({ indices }, name) => {
      return { indices, rows: means.rows[name] as tf.Tensor };
    });
    const dense = clipByGlobalNorm(means.grads, clipNorm);
    const tables = clipByGlobalNorm(ofRows, tableClipNorm);
    disposeAll(means);
    const [gradientNorm, tableGradientNorm] = [
      await scalarOf(dense.norm),
      await scalarOf(tables.norm),
    ];
    tf.dispose([dense.norm, tables.norm]);
    return {
      ...{ gradientNorm, ...(this.#rowOptimizer && { tableGradientNorm }) },
      ...{ clipped: dense.grads, clippedRows: tables.grads },
    };
  }

  async #apply(
    clipped: tf.NamedTensorMap,
    clippedRows: Readonly<Record<string, RowGradient>>,
    buffers: Readonly<Record<string, tf.Tensor>>,
    { learningRate, tableLearningRate }: StepRates,
  ): Promise<void> {
    this.#optimizer.setLearningRate(learningRate);
    this.#optimizer.applyGradients(clipped);
    this.#rowOptimizer?.setLearningRate(tableLearningRate);
    await this.#rowOptimizer?.applyGradients(clippedRows);
    for (const [name, tensor] of Object.entries(buffers)) this.#variables[name]?.assign(tensor);
  }

  /** The parameters as tensors, the caller's to dispose; of no use once the training goes on. */
  result(): Record<string, tf.Tensor> {
    return mapped(this.params, (param) => tf.keep(tf.clone(param)));
  }

  /** All that a checkpoint holds. */
  save(): CheckpointParts {
    const rows = this.#rowOptimizer?.state();
    return {
      params: this.#variables,
      optimizer: this.#withoutScope(this.#optimizer.state()),
      ...(rows && { tables: rows }),
    };
  }

  /** Goes on from what `save` gave, once it is in files. */
  async restore(files: Readonly<Record<string, OpenSafetensors>>): Promise<void> {
    const file = (name: string): OpenSafetensors => {
      const found = files[name];
      if (found === undefined) throw new CheckpointError(`${name}.safetensors is missing`);
      return found;
    };
    const params = file('params');
    for (const [name, variable] of Object.entries(this.#variables)) {
      await readIntoVariable(params, name, variable);
    }
    const read: Record<string, tf.Tensor>[] = [];
    try {
      const [state, rows] = [
        await readAll(file('optimizer'), read),
        this.#rowOptimizer ? await readAll(file('tables'), read) : {},
      ];
      const { iter, ...slots } = state;
      await this.#optimizer.restore({ ...(iter && { iter }), ...withPrefix(slots, this.#scope) });
      await this.#rowOptimizer?.restore(rows);
    } finally {
      tf.dispose(read);
    }
  }

  #withoutScope(state: Readonly<Record<string, tf.Tensor>>): Record<string, tf.Tensor> {
    return Object.fromEntries(
      Object.entries(state).map(([name, tensor]) => [name.replace(this.#scope, ''), tensor]),
    );
  }

  dispose(): void {
    tf.dispose(Object.values(this.#variables));
    this.#optimizer.dispose();
    this.#rowOptimizer?.dispose();
  }
}

/** All arrays of a file. @param read gets what is to be disposed, also where the reading fails. */
async function readAll(
  file: OpenSafetensors,
  read: Record<string, tf.Tensor>[],
): Promise<Record<string, tf.Tensor>> {
  const tensors: Record<string, tf.Tensor> = {};
  read.push(tensors);
  for (const name of file.names) tensors[name] = await readTensor(file, name);
  return tensors;
}

/** Biases and scales of norms do not decay. */
const spared = (name: string): boolean => /\/(bias|scale)$/.test(name);

function rowOptimizer(
  { tableOptimizer, tableLearningRate: learningRate, beta2 }: ResolvedSettings,
  tables: Readonly<Record<string, tf.Variable>>,
): LazyAdam | RowAdagrad {
  if (tableOptimizer === 'lazyAdam') return new LazyAdam({ learningRate, beta2, tables });
  const per = tableOptimizer === 'adagrad' ? 'element' : 'row';
  return new RowAdagrad({ learningRate, per, tables });
}

/** The sum of two, which are disposed. A variable that one of them lacks has a gradient of 0 there. */
async function added(both: readonly Gradients[]): Promise<Gradients> {
  const [a, b] = both as [Gradients, Gradients];
  const grads = tidied(() => ({
    ...b.grads,
    ...mapped(a.grads, (grad, name) => (b.grads[name] ? tf.add(grad, b.grads[name]) : grad)),
  }));
  const rows: Record<string, Gradients['rows'][string]> = {};
  for (const [name, of] of Object.entries(a.rows)) {
    const merged = await mergeRows(of, b.rows[name] as RowGradient);
    rows[name] = { indices: merged.indices, rows: merged.rows as tf.Tensor2D };
  }
  const kept = new Set(Object.values(grads).map(({ id }) => id));
  for (const sum of both) {
    disposeAll(Object.values(sum.grads).filter(({ id }) => !kept.has(id)));
    disposeAll(mapped(sum.rows, (of) => of.rows));
  }
  return { grads, rows };
}

function disposeGradients({
  grads,
  rows,
}: {
  grads: object;
  rows: Readonly<Record<string, RowGradient>>;
}): void {
  disposeAll([grads, mapped(rows, (of) => of.rows)]);
}

const scalarOf = async (scalar: tf.Tensor): Promise<number> =>
  (await scalar.data())[0] ?? Number.NaN;

const mapped = <T, U>(of: Readonly<Record<string, T>>, make: (value: T, name: string) => U) =>
  Object.fromEntries(
    Object.entries(of).map(([name, value]) => [name, make(value, name)]),
  ) as Record<string, U>;
