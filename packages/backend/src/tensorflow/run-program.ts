import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** Exit status; null where a signal ended it, or it took too long. */
  readonly status: number | null;
  readonly stdout: string;
  /** What it wrote to both streams, as it came. */
  readonly output: string;
}

export interface ProgramOptions {
  readonly signal: AbortSignal;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** It is ended after this many milliseconds without any sign of `progress`. */
  readonly timeout?: number;
  /** A number that changes while the program gets on. Left out, the timeout is for the whole run. */
  readonly progress?: () => Promise<number>;
}

/**
 * Runs a program to its end, and ends it, with all that it started, on abort or after the timeout.
 *
 * @throws an error with the code ENOENT where there is no such program; the abort reason on abort.
 */
export function runProgram(
  command: string,
  args: readonly string[],
  { signal, cwd, env, timeout, progress }: ProgramOptions,
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that one signal reaches what it starts too.
      detached: true,
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    let last = -1;
    let since = Date.now();
    const watch = setInterval(async () => {
      const now = await progress?.().catch(() => last);
      if (now !== undefined && now !== last) {
        last = now;
        since = Date.now();
      }
      if (timeout !== undefined && Date.now() - since > timeout) end();
    }, 500);
    signal.addEventListener('abort', end);
    const settle = (): void => {
      clearInterval(watch);
      signal.removeEventListener('abort', end);
    };
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (status) => {
      settle();
      if (signal.aborted) reject(signal.reason);
      else resolve({ status, stdout, output });
    });
  });
}

/** The line of a Node program's output that tells its error, else its first line; undefined where it was silent. */
export function firstError(output: string): string | undefined {
  const lines = output.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error: /.test(line)) ?? lines.find((line) => line !== '');
}
