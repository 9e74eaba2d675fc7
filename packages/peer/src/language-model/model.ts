import { checkTensor, type RandomKey, ShapeError } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, type LanguageModelConfig } from './config.ts';
import {
  type LanguageModelOptions,
  type LanguageModelResult,
  languageModel,
} from './language-model.ts';
import { initParams, paramShapes } from './params.ts';
import { type SampleOptions, sampleTokens } from './sample.ts';

/** A language model with its parameters. */
export class LanguageModel {
  readonly config: LanguageModelConfig;
  /** By the names of `paramShapes`; the model's. */
  readonly params: Params;

  /**
   * @param params all of `paramShapes`; they become the model's.
   * @throws ShapeError naming every parameter that is missing, not expected, or of another shape. @throws as `checkConfig` does.
   */
  constructor(config: LanguageModelConfig, params: Params) {
    checkConfig(config);
    checkParams(config, params);
    this.config = config;
    this.params = Object.freeze({ ...params });
  }

  /** A new model: a function of its configuration and the key alone. @throws as `checkConfig` does. */
  static init(config: LanguageModelConfig, key: RandomKey): LanguageModel {
    return new LanguageModel(config, initParams(config, key));
  }

  /** See `languageModel`. */
  apply(tokens: tf.Tensor, options: LanguageModelOptions = {}): LanguageModelResult {
    return languageModel(tokens, this.params, this.config, options);
  }

  /** See `sampleTokens`. */
  sample(prompt: ArrayLike<number>, options: SampleOptions = {}): AsyncGenerator<number, void> {
    return sampleTokens(this.params, this.config, prompt, options);
  }

  /** Frees the parameters. */
  dispose(): void {
    tf.dispose(Object.values(this.params));
  }
}

function checkParams(config: LanguageModelConfig, params: Params): void {
  const shapes = paramShapes(config);
  const wrong = Object.entries(shapes).flatMap(([name, shape]) => {
    const param = params[name];
    if (param === undefined) return [`${name} is missing`];
    const fits = tf.util.arraysEqual(param.shape, [...shape]);
    return fits ? [] : [`${name} is [${param.shape}] and not [${shape}]`];
  });
  const extra = Object.keys(params).filter((name) => !Object.hasOwn(shapes, name));
  const problems = [...wrong, ...extra.map((name) => `${name} is not expected`)];
  if (problems.length > 0) {
    throw new ShapeError(`params do not fit the model: ${problems.join('; ')}`);
  }
  for (const [name, shape] of Object.entries(shapes)) {
    checkTensor(`params["${name}"]`, params[name] as tf.Tensor, [...shape]);
  }
}
