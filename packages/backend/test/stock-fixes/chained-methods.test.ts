import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
const folder = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a module in a process that has the core, the layers and the cpu backend alone; what it prints. */
function run(code: string): string {
  const program = `
    import * as tfl from '@tensorflow/tfjs-layers';
    import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-cpu';
    import { registerStockFixes } from ${JSON.stringify(source)};
    tf.env().set('PROD', true);
    await tf.setBackend('cpu');
    ${code}`;
  return execFileSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@neverend/source', '--input-type=module', '--eval', program],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  ).trim();
}

const lstm = 'tfl.layers.lstm({ units: 3 }).apply(tf.ones([1, 2, 4])).shape.join()';

describe('methods of tensors', () => {
  it('are missing in stock TensorFlow.js without its union package, so that an LSTM throws', () => {
    const out = run(`
      try { console.log(${lstm}); } catch (error) { console.log(error.message); }
      registerStockFixes();
      console.log(${lstm});`);
    expect(out.split('\n')).toEqual(['rMat.flatten is not a function', '1,3']);
  });

  it('let the layers be trained', () => {
    const out = run(`
      registerStockFixes();
      const { layers } = tfl;
      const sequence = [
        layers.lstm({ units: 3 }),
        layers.gru({ units: 3 }),
        layers.simpleRNN({ units: 3 }),
        layers.bidirectional({ layer: layers.lstm({ units: 2 }), mergeMode: 'concat' }),
        layers.rnn({ cell: layers.stackedRNNCells({ cells: [layers.lstmCell({ units: 2 }), layers.gruCell({ units: 2 })] }) }),
        layers.timeDistributed({ layer: layers.dense({ units: 2, kernelInitializer: 'orthogonal' }) }),
        layers.conv1d({ filters: 2, kernelSize: 2, kernelConstraint: 'maxNorm', kernelRegularizer: 'l1l2' }),
        layers.batchNormalization(),
        layers.layerNormalization(),
      ].map((layer) => [[5, 4], layer]);
      const image = [
        layers.conv2d({ filters: 2, kernelSize: 2, kernelConstraint: 'unitNorm' }),
        layers.separableConv2d({ filters: 2, kernelSize: 2 }),
        layers.conv2dTranspose({ filters: 2, kernelSize: 2 }),
        layers.upSampling2d({}),
        layers.maxPooling2d({}),
      ].map((layer) => [[4, 4, 2], layer]);
      const movie = [[[3, 4, 4, 1], layers.convLstm2d({ filters: 2, kernelSize: 2 })]];
      const trained = [];
      for (const [inputShape, layer] of [...sequence, ...image, ...movie]) {
        const model = tfl.sequential();
        model.add(layers.inputLayer({ inputShape }));
        model.add(layer);
        if (model.outputShape.length > 2) model.add(layers.flatten());
        model.add(layers.dense({ units: 1, kernelConstraint: 'nonNeg' }));
        model.compile({ optimizer: 'adam', loss: 'meanSquaredError', metrics: ['mae', tfl.metrics.r2Score] });
        const { history } = await model.fit(tf.randomNormal([4, ...inputShape], 0, 1, 'float32', 1), tf.tensor2d([1, 2, 3, 4], [4, 1]), { epochs: 1, verbose: 0 });
        trained.push(Number.isFinite(history.loss[0]) ? 'ok' : layer.name);
      }
      console.log(trained.join(' '));`);
    expect(out).toBe(new Array(15).fill('ok').join(' '));
  });

  it('let gradients be taken of prod and of gather', () => {
    const out = run(`
      registerStockFixes();
      const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
      const gradient = (f) => [...tf.grad(f)(x).dataSync()].join();
      console.log(gradient((y) => tf.prod(y)), gradient((y) => tf.gather(y, tf.tensor2d([1, 0], [2, 1], 'int32'), 1, 1)));`);
    expect(out).toBe('24,12,8,6 0,1,1,0');
  });

  it('are those of another package where there is one', () => {
    const out = run(`
      const own = () => 'own';
      tf.Tensor.prototype.square = own;
      registerStockFixes();
      console.log(tf.ones([2]).square());
      tf.Tensor.prototype.sum = own;
      registerStockFixes();
      console.log(tf.ones([2]).sum());`);
    expect(out.split('\n')).toEqual(['own', 'own']);
  });
});
