import { report } from '../report.js';
import { wasmPath } from './wasm-path.js';

globalThis.inPage = (options) => report(wasmPath, options);

globalThis.inWorker = (options) => {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.postMessage(options);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
  });
};
