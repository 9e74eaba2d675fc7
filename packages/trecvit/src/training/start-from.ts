import { interpolatePositions } from '@neverend/attention';
import { checkObject, checkOptions, type RandomKey } from '@neverend/backend';
import type { Params } from '@neverend/nn';
import * as tf from '@tensorflow/tfjs-core';
import { checkConfig, gridOf, type TRecViTConfig } from '../config.ts';
import { initTRecViT } from '../init.ts';

/** A model that another one starts from. */
export interface StartingPoint {
  readonly config: TRecViTConfig;
  readonly params: Params;
  readonly classNames?: readonly string[] | undefined;
}

/** Parameters of a new model, and where each of them comes from, by name. */
export interface Start {
  /** The caller's to dispose. */
  readonly params: Record<string, tf.Tensor>;
  /** As they were. */
  readonly taken: readonly string[];
  /** Interpolated to the new size of pictures. */
  readonly interpolated: readonly string[];
  /** Drawn anew, and why. */
  readonly fresh: readonly { readonly name: string; readonly reason: string }[];
  /** What the other model has and the new one has no place for. */
  readonly left: readonly string[];
}

const positions = 'tokenizer/pos_embedding';
const head = 'decoder/cls_head/';

/**
 * Parameters to fine-tune: from another model whatever fits, positions interpolated to the new size of pictures, and a new
 * last layer of the head, but where both models are known to have the same classes in the same order.
 *
 * @param from stays the caller's. @param config of the new model. @param key of what is drawn anew.
 * @param options `classNames`: those of the new model.
 * @throws as `checkConfig` does. @throws TypeError for an unknown option.
 */
export function startFrom(
  from: StartingPoint,
  config: TRecViTConfig,
  key: RandomKey,
  options: { readonly classNames?: readonly string[] } = {},
): Start {
  checkOptions('startFrom', options, ['classNames']);
  checkObject('from', from, 'with config and params');
  checkConfig(from.config);
  checkObject('from.params', from.params, 'of tensors by names');
  const params = initTRecViT(key, config);
  const sameClasses =
    options.classNames !== undefined &&
    JSON.stringify(options.classNames) === JSON.stringify(from.classNames);
  const taken: string[] = [];
  const interpolated: string[] = [];
  const fresh: { name: string; reason: string }[] = [];
  for (const [name, drawn] of Object.entries(params)) {
    const other = Object.hasOwn(from.params, name) ? from.params[name] : undefined;
    if (other === undefined) {
      fresh.push({ name, reason: 'the other model has none' });
    } else if (name.startsWith(head) && !sameClasses) {
      fresh.push({ name, reason: 'it is for other classes' });
    } else if (name === positions && other.shape[2] === drawn.shape[2]) {
      const [old, own] = [gridOf(from.config), gridOf(config)];
      const isSame = old.join() === own.join();
      params[name] = isSame ? tf.clone(other) : interpolatePositions(other, old, own);
      drawn.dispose();
      (isSame ? taken : interpolated).push(name);
    } else if (other.shape.join() === drawn.shape.join()) {
      params[name] = tf.clone(other);
      drawn.dispose();
      taken.push(name);
    } else {
      const reason = `the other model's is [${other.shape.join(', ')}], this one [${drawn.shape.join(', ')}]`;
      fresh.push({ name, reason });
    }
  }
  const left = Object.keys(from.params).filter((name) => !Object.hasOwn(params, name));
  return { params, taken, interpolated, fresh, left };
}
