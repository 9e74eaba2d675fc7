import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/index.ts', import.meta.url));
const folder = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a module in a fresh process; what it prints to either stream. */
function run(code: string): string {
  const program = `
    import '@tensorflow/tfjs-layers';
    import * as tf from '@tensorflow/tfjs-core';
    import { registerStockFixes } from ${JSON.stringify(source)};
    console.warn = console.error = (...words) => console.log('warned:', ...words);
    // Without TensorFlow.js' advertisement for its Node backend.
    tf.env().set('PROD', true);
    const gradients = async () => {
      const table = tf.tensor2d([1, 2, 3, 4], [2, 2]);
      const rows = tf.tensor1d([1, 1], 'int32');
      const dt = tf.grad((x) => tf.cumsum(tf.where(tf.greater(x, 2), tf.gather(x, rows), x), 0))(table);
      return [...(await dt.data())].join(' ');
    };
    ${code}`;
  return execFileSync(
    process.execPath,
    ['--import', 'tsx', '--conditions=@neverend/source', '--input-type=module', '--eval', program],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NODE_NO_WARNINGS: '1' } },
  ).trim();
}

// x > 2 takes row 1 twice in row 1; row 0 stays itself. Sums down the rows weigh row 0 twice.
const mended = '2 2 1 1';

describe('registerStockFixes', () => {
  it('changes nothing by being imported', () => {
    const out = run(`
      console.log(tf.getGradient('Greater'), tf.getKernel('Einsum', 'wasm'), tf.getGradient('TopK'));`);
    expect(out).toBe('undefined undefined undefined');
  });

  it.each(['before', 'after'])(
    'mends where it is called %s the backend is set, without a word',
    (when) => {
      const set = `
      await import('@tensorflow/tfjs-backend-wasm');
      await tf.setBackend('wasm');`;
      const register = 'registerStockFixes(); registerStockFixes();';
      const out = run(`
      ${when === 'before' ? register + set : set + register}
      console.log(await gradients());`);
      expect(out).toBe(mended);
    },
  );

  it('is called by useBackend, and holds for a backend that is taken later', () => {
    const out = run(`
      const { useBackend } = await import(${JSON.stringify(source)});
      await useBackend('cpu');
      console.log(await gradients());
      await useBackend('wasm');
      console.log(await gradients());`);
    expect(out.split('\n')).toEqual([mended, mended]);
  });

  it('mends again what an import has put back', () => {
    const out = run(`
      const stock = tf.getGradient('Cumsum');
      registerStockFixes();
      const ours = tf.getGradient('Cumsum');
      tf.registerGradient(stock);
      registerStockFixes();
      console.log(stock === ours, tf.getGradient('Cumsum') === ours);`);
    expect(out).toBe('false true');
  });

  it.each(['cpu', 'wasm'])('replaces each kernel of %s, and each gradient, once', (backend) => {
    const out = run(`
      await import('@tensorflow/tfjs-backend-${backend}');
      await tf.setBackend('${backend}');
      registerStockFixes();
      const all = () => [
        ...tf.getKernelsForBackend('${backend}'), tf.getGradient('GatherV2'), tf.engine().customGrad,
      ];
      const once = new Set(all());
      registerStockFixes();
      console.log(once.size > 100, all().filter((config) => !once.has(config)).length);`);
    expect(out).toBe('true 0');
  });
});
