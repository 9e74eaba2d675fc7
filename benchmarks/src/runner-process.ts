import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Command } from './runner-list.ts';
import type { Hello, Reply, Request } from './types.ts';

/** A runner's process, spoken to in lines of JSON. */
export class RunnerProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor({ file, args, env }: Command) {
    this.#child = spawn(file, args, { env });
    this.#child.stdin.on('error', () => {}); // What a dead process leaves unread shows as its end.
    this.#child.on('error', (error) => {
      this.#errors += error.message;
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** What it is, or why it cannot run here. */
  hello(seconds: number): Promise<Hello> {
    return this.#next<Hello>(seconds);
  }

  /** @throws Error with the runner's own words where it failed, was too slow, or ended. */
  async ask(request: Request, seconds: number): Promise<Exclude<Reply, { error: string }>> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const reply = await this.#next<Reply>(seconds);
    if ('error' in reply) throw new Error(reply.error);
    return reply;
  }

  /** Lets its peak of memory begin anew at what it has now; false where the system has no such thing. */
  resetPeak(): boolean {
    try {
      writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5');
      return true;
    } catch {
      return false;
    }
  }

  /** The most memory that was resident since then; undefined where the system does not tell. */
  peakMiB(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
      const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
      return kibibytes === undefined ? undefined : Math.round(Number(kibibytes) / 1024);
    } catch {
      return undefined;
    }
  }

  async #next<Line>(seconds: number): Promise<Line> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#child.kill('SIGKILL');
    }, 1000 * seconds);
    try {
      for (;;) {
        const { done, value } = await this.#lines.next();
        if (late) throw new Error(`it took more than ${seconds} s`);
        if (done) throw new Error(`it ended${this.#lastWords()}`);
        // Native libraries print between the answers.
        if (value.startsWith('{')) return JSON.parse(value) as Line;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #lastWords(): string {
    const line = this.#errors.trim().split('\n').at(-1);
    return line ? `: ${line}` : '';
  }

  /** Ends it, and resolves when it is gone. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
}
