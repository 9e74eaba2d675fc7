import { report } from '../report.js';
import { wasmPath } from './wasm-path.js';

addEventListener('message', async ({ data }) => postMessage(await report(wasmPath, data)));
