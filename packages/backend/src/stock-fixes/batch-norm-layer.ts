import * as tf from '@tensorflow/tfjs-core';

interface BatchNormLayer {
  gamma?: unknown;
  beta?: unknown;
  build(shape: unknown): void;
}

const mended = Symbol.for('neverend.batchNormLayer');
const nothing = { read: () => null };

/** Stock, `layers.batchNormalization` without a scale or without a centre reads both in training. */
export function registerBatchNormLayer(): void {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const layer = classNameMap['BatchNormalization']?.[0] as unknown as
    | { prototype: BatchNormLayer & { [mended]?: true } }
    | undefined;
  if (layer === undefined || layer.prototype[mended]) return;
  layer.prototype[mended] = true;
  const { build } = layer.prototype;
  layer.prototype.build = function (shape) {
    build.call(this, shape);
    this.gamma ??= nothing;
    this.beta ??= nothing;
  };
}
