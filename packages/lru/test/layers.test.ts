import { randomKey, ShapeError } from '@neverend/backend';
import {
  describeBackends,
  expectLearns,
  expectSameAfterReload,
  expectTensorClose,
  layerParams,
  randomTensor,
  reloadModel,
  tolerances,
  webgpuIfLong,
} from '@neverend/backend/testing';
import { type Params, rmsNorm } from '@neverend/nn';
import { neverendRmsNorm } from '@neverend/nn/register';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { linearScan, lru, recurrentBlock, rgLru, temporalConv } from '../src/index.ts';
import {
  neverendLinearScan,
  neverendLru,
  neverendRecurrentBlock,
  neverendRgLru,
  neverendTemporalConv,
  register,
} from '../src/register.ts';

type Layer = tfl.layers.Layer;

const layers: Readonly<Record<string, (seed?: number) => Layer>> = {
  NeverendRgLru: (seed = 1) => neverendRgLru({ heads: 2, minRadius: 0.5, seed }),
  NeverendLru: (seed = 1) => neverendLru({ lruWidth: 5, minRadius: 0.2, maxRadius: 0.9, seed }),
  NeverendTemporalConv: (seed = 1) => neverendTemporalConv({ taps: 3, seed }),
  NeverendRecurrentBlock: (seed = 1) => neverendRecurrentBlock({ heads: 2, lruWidth: 8, seed }),
  NeverendRmsNorm: (seed = 1) => neverendRmsNorm({ eps: 1e-5, seed }),
};

const functions: Readonly<Record<string, (x: tf.Tensor, params: Params) => tf.Tensor>> = {
  NeverendRgLru: (x, params) => rgLru(x, params).y,
  NeverendLru: (x, params) => lru(x, params).y,
  NeverendTemporalConv: (x, params) => temporalConv(x, params).y,
  NeverendRecurrentBlock: (x, params) => recurrentBlock(x, params).y,
  NeverendRmsNorm: (x, params) =>
    rmsNorm(x, params['scale'] as tf.Tensor, { eps: 1e-5, offset: 1 }),
};

const exact = { rtol: 0, atol: 0 };

/** A model of the scan, whose two inputs are another layer's output and the model's own input. */
function scanModel(): tfl.LayersModel {
  const x = tfl.input({ shape: [4, 6] });
  const a = tfl.layers.activation({ activation: 'sigmoid' }).apply(x) as tfl.SymbolicTensor;
  const y = neverendLinearScan({ reverse: true }).apply([x, a]) as tfl.SymbolicTensor;
  return tfl.model({ inputs: x, outputs: y });
}

await describeBackends(
  'the layers',
  (backend) => {
    for (const [className, make] of Object.entries(layers)) {
      for (const shape of [
        [4, 6],
        [4, 3, 6],
      ]) {
        it(`${className} over [${shape}] gives the same output after save and load`, async () => {
          const x = randomTensor(randomKey('x'), [2, ...shape]);
          const chain = [neverendRmsNorm({ inputShape: shape }), make(1), make(2)];
          expect(await expectSameAfterReload(chain, x)).toEqual(x.shape);
          expect(chain.at(-1)?.getClassName()).toBe(className);
          x.dispose();
        });
      }
    }

    it('NeverendLinearScan gives what the function gives, also after save and load', async () => {
      const x = randomTensor(randomKey('x'), [2, 4, 6]);
      const model = scanModel();
      const loaded = await reloadModel(model);
      const expected = tf.tidy(() => linearScan(x, tf.sigmoid(x), { reverse: true }).y);
      for (const one of [model, loaded]) {
        const y = one.predict(x) as tf.Tensor;
        const close = tolerances[backend];
        await expectTensorClose(y, { shape: [2, 4, 6], data: await expected.data() }, close);
        y.dispose();
      }
      model.dispose();
      loaded.dispose();
      tf.dispose([x, expected]);
    });

    it('learn', async () => {
      const model = tfl.sequential({
        layers: [
          neverendRmsNorm({ inputShape: [5, 6] }),
          neverendRecurrentBlock({ heads: 2, seed: 1 }),
          neverendTemporalConv({ seed: 2 }),
          neverendLru({ maxRadius: 0.9, seed: 3 }),
          neverendRgLru({ heads: 3, seed: 4 }),
        ],
      });
      await expectLearns(model);
      model.dispose();
    });

    it.each(Object.keys(layers))('%s computes what the function computes', async (className) => {
      const x = randomTensor(randomKey('x'), [2, 4, 6]);
      const layer = layers[className]?.(1) as Layer;
      const y = layer.apply(x) as tf.Tensor;
      const expected = functions[className]?.(x, layerParams(layer)) as tf.Tensor;
      await expectTensorClose(y, { shape: [2, 4, 6], data: await expected.data() }, exact);
      layer.dispose();
    });
  },
  webgpuIfLong(process.env['NEVEREND_LONG']),
);

describe('a layer', () => {
  it('comes back from its config with every argument', () => {
    for (const make of Object.values(layers)) {
      const layer = make(3);
      const cls = layer.constructor as tf.serialization.SerializableConstructor<Layer>;
      const config = layer.getConfig();
      expect(config['seed']).toBe(3);
      const again = new cls(JSON.parse(JSON.stringify(config)));
      expect(again.getConfig()).toEqual(config);
    }
    expect(layers['NeverendRgLru']?.().getConfig()).toMatchObject({ heads: 2, minRadius: 0.5 });
    expect(layers['NeverendLru']?.().getConfig()).toMatchObject({
      lruWidth: 5,
      minRadius: 0.2,
      maxRadius: 0.9,
    });
    expect(layers['NeverendTemporalConv']?.().getConfig()).toMatchObject({ taps: 3 });
    expect(layers['NeverendRecurrentBlock']?.().getConfig()).toMatchObject({
      heads: 2,
      lruWidth: 8,
      taps: 4,
    });
    expect(layers['NeverendRmsNorm']?.().getConfig()).toMatchObject({ eps: 1e-5 });
    expect(neverendLinearScan({ reverse: true }).getConfig()).toMatchObject({ reverse: true });
  });

  it('has the weights of its seed', async () => {
    const [first, same, other] = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const layer = neverendTemporalConv({ seed });
        layer.build([null, 4, 6]);
        const [w] = layer.weights.map((weight) => weight.read()) as [tf.Tensor];
        return Array.from(await w.data());
      }),
    );
    expect(same).toEqual(first);
    expect(other).not.toEqual(first);
  });

  it('tells the shape of its output', () => {
    for (const make of Object.values(layers)) {
      expect(make().computeOutputShape([null, 4, 6])).toEqual([null, 4, 6]);
    }
  });

  it('refuses wrong arguments and inputs by name', () => {
    expect(() => neverendRgLru({ heads: 0 })).toThrow(
      new ShapeError('heads was 0; it must be a positive integer'),
    );
    expect(() => neverendRgLru({ heads: 4 }).build([null, 3, 6])).toThrow(
      'heads was 4; it must be a positive divisor of the width, 6',
    );
    expect(() => neverendRecurrentBlock({ heads: 2, lruWidth: 1.5 })).toThrow('lruWidth was 1.5');
    expect(() => neverendTemporalConv({ taps: -1 })).toThrow('taps was -1');
    expect(() => neverendRmsNorm().build([null, 4, null])).toThrow(
      'the last dimension of the input was not given; it must be a positive integer',
    );
  });

  it('may be registered again', async () => {
    register();
    register();
    const model = tfl.sequential({ layers: [neverendRmsNorm({ inputShape: [3] })] });
    const loaded = await reloadModel(model);
    expect(loaded.layers[0]?.getClassName()).toBe('NeverendRmsNorm');
    model.dispose();
    loaded.dispose();
  });
});
