import { setMaxListeners } from 'node:events';
import { type ProgressDisplay, progressDisplay, type Step } from './progress-display.ts';
import { reportError } from './report-error.ts';

/** What a command that works needs from the command line. */
export interface CommandContext {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Tells a person one line. */
  note(line: string): void;
  progress(step: Step): void;
  /** Tells of what failed where the work goes on; the exit status will be 1. */
  fail(error: unknown): void;
  /** Writes the result, or a part of it, and waits for a reader that is slow. */
  print(text: string): Promise<void>;
}

/** How a command does its work. */
export type RunCommand = (
  flags: { readonly quiet?: boolean },
  work: (context: CommandContext) => Promise<void>,
  how?: {
    /** What is said in the place of the error when the work stops for the signal. */
    readonly interrupted?: string;
    /** The first Ctrl-C ends the process, also in the midst of a computation, during which no signal is heard; for work that leaves nothing behind. */
    readonly endsAtOnce?: true;
  },
) => Promise<void>;

/**
 * Does the work of a program's commands, with its progress on stderr and its result on stdout. The first Ctrl-C aborts the signal, the second one ends the process.
 *
 * @param program its name, for messages.
 */
export function commandRunner(program: string): RunCommand {
  return (flags, work, how = {}) => runCommand(program, flags, work, how);
}

async function runCommand(
  program: string,
  { quiet = false }: Parameters<RunCommand>[0],
  work: Parameters<RunCommand>[1],
  how: NonNullable<Parameters<RunCommand>[2]>,
): Promise<void> {
  const { interrupted = 'interrupted', endsAtOnce } = how;
  const signals = endsAtOnce ? [] : (['SIGINT', 'SIGTERM'] as const);
  const display = quiet ? silence : progressDisplay(process.stderr);
  const controller = new AbortController();
  // Each clip that waits to be decoded listens to it.
  setMaxListeners(0, controller.signal);
  const interrupt = () => {
    // A second signal does not wait for the step that is running.
    if (controller.signal.aborted) {
      display.stop();
      process.exit(130);
    }
    controller.abort();
  };
  for (const signal of signals) process.on(signal, interrupt);
  try {
    await work({
      signal: controller.signal,
      note: display.note,
      progress: display.show,
      fail: (error) => {
        display.stop();
        reportError(program, error);
      },
      print: (text) => {
        display.stop();
        return print(text);
      },
    });
    display.stop();
  } catch (error) {
    display.stop();
    if (!controller.signal.aborted) throw error;
    process.stderr.write(`${interrupted}\n`);
    process.exitCode = 130;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
  }
}

const silence: ProgressDisplay = {
  show: () => undefined,
  note: () => undefined,
  stop: () => undefined,
};

function print(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Who stops reading, such as `head`, has what it wanted: nothing is said, and nothing more is done. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
