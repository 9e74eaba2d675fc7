// Runs the cases on one backend and prints a line of JSON for each: `run-cases.ts BACKEND stock|mended FIRST`. It is started
// again behind a case that ends the process.
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendName, backendNames } from '../../src/backend-name.ts';
import { starts } from '../../src/backends/start.ts';
import { useBackend } from '../../src/use-backend.ts';
import { judgeCase } from './judge-case.ts';
import { opSweepCases } from './op-sweep-case.ts';

const [backend, how, first] = process.argv.slice(2);
if (!backendNames.includes(backend as BackendName)) throw new Error(`no backend ${backend}`);
if (how === 'stock') {
  const status = await starts[backend as BackendName]({ threads: 1 });
  if (!status.available) throw new Error(status.reason);
} else await useBackend(backend as BackendName, { threads: 1 });
if (backend === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
// Deprecation notes and warnings of backends.
tf.env().set('PROD', true);
for (const [index, sweepCase] of opSweepCases().entries()) {
  if (index < Number(first)) continue;
  process.stdout.write(`${JSON.stringify({ index })}\n`);
  const judgement = await judgeCase(sweepCase);
  process.stdout.write(`${JSON.stringify({ index, judgement })}\n`);
}
process.exit(0);
