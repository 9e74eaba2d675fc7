/** What a command left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line within this process, and takes what it writes and its exit status. */
export async function outcomeOf(run: () => Promise<void>): Promise<Outcome> {
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
    await run();
    return { code: Number(process.exitCode ?? 0), ...streams };
  } finally {
    Object.assign(process.stdout, { write: originals.stdout });
    Object.assign(process.stderr, { write: originals.stderr });
    process.exitCode = before;
  }
}
