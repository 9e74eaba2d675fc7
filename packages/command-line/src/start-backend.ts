import type { BackendFlags } from './options.ts';
import type { CommandContext } from './run-command.ts';

/** What computes. */
export interface Backend {
  readonly name: string;
  readonly version: string;
  readonly device: string;
}

/** Makes the backend of the flags current, and tells which one it is. TensorFlow.js is loaded only now: help need not wait for it. */
export async function startBackend(
  { backend, threads }: BackendFlags,
  { note }: Pick<CommandContext, 'note'>,
): Promise<Backend> {
  const [tf, { useBackend }] = await Promise.all([
    import('@tensorflow/tfjs-core'),
    import('@neverend/backend'),
  ]);
  // Its notes are for programmers.
  tf.env().set('PROD', true);
  if (threads !== undefined) {
    // TensorFlow's library reads them when it is loaded, and has no other way.
    process.env['TF_NUM_INTRAOP_THREADS'] = process.env['OMP_NUM_THREADS'] = String(threads);
  }
  const chosen = await useBackend(backend, threads === undefined ? {} : { threads });
  const { name, version, device, warning } = chosen;
  note(`backend ${name} ${version} (${device})`);
  if (threads !== undefined && (name === 'cpu' || name === 'webgpu')) {
    note(`warning: --threads does nothing on ${name}`);
  }
  if (warning !== undefined) note(`warning: ${warning}`);
  return { name, version, device };
}
