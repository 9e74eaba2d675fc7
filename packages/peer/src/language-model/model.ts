import type { RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, type LanguageModelConfig } from './config.ts';
import {
  type LanguageModelOptions,
  type LanguageModelResult,
  languageModel,
} from './language-model.ts';
import { checkParams, initParams } from './params.ts';
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
