import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { main } from '../../src/cli/main.ts';

/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line within this process. */
export async function trecvit(...args: readonly string[]): Promise<Outcome> {
  const streams = { stdout: '', stderr: '' };
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write };
  const before = process.exitCode;
  process.exitCode = undefined;
  for (const name of ['stdout', 'stderr'] as const) {
    process[name].write = ((text: string | Uint8Array, done?: (error?: Error) => void) => {
      streams[name] += String(text);
      done?.();
      return true;
    }) as typeof process.stdout.write;
  }
  try {
    await main(args);
    return { code: Number(process.exitCode ?? 0), ...streams };
  } finally {
    Object.assign(process.stdout, { write: originals.stdout });
    Object.assign(process.stderr, { write: originals.stderr });
    process.exitCode = before;
  }
}

/** The same on the backend cpu, and no tensor is forgotten. */
export async function run(...args: readonly string[]): Promise<Outcome> {
  const before = tf.memory().numTensors;
  const outcome = await trecvit(...args, '--backend', 'cpu');
  expect(tf.memory().numTensors).toBe(before);
  return outcome;
}
