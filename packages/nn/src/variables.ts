import { checkTensorOf } from '@neverend/backend';
import * as tf from '@tensorflow/tfjs-core';
import { checkParams, checkText, type Params, paramLabel } from './params.ts';

/**
 * A variable of each parameter, by its name. They are in the order of their names, wherever they come from: the global norm of their gradients is a sum, whose
 * rounding depends on it.
 *
 * @param scope what TensorFlow.js, which wants the names of all variables of a process to differ, has before each of these names.
 * @returns the caller's to dispose, and the parameters stay so. @throws TypeError naming the argument, and what TensorFlow.js throws; no variable is left then.
 */
export function variablesOf(params: Params, scope: string): Record<string, tf.Variable> {
  checkParams(params);
  checkText('scope', scope);
  const variables: Record<string, tf.Variable> = {};
  try {
    for (const name of Object.keys(params).sort()) {
      const tensor = params[name] as tf.Tensor;
      checkTensorOf(paramLabel(params, name), tensor);
      variables[name] = tf.variable(tensor, true, `${scope}${name}`);
    }
  } catch (error) {
    tf.dispose(variables);
    throw error;
  }
  return variables;
}
