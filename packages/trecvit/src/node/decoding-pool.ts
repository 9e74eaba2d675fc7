import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { checkedSize, checkOptions } from '@neverend/backend';
import { VideoError } from '../video/video-error.ts';
import { type Answer, type Order, serveClips } from './decoding-worker.ts';
import { type ClipOptions, checkClipOptions, type VideoClip } from './read-clip.ts';

/** How a thread knows that this module is to serve a pool there. */
const marker = 'neverend-trecvit-decoding';
if (!isMainThread && workerData === marker && parentPort !== null) serveClips(parentPort);

export interface PoolOptions {
  /** Default: one less than there are processors, from 1 to 4. */
  readonly threads?: number;
}

interface Job {
  readonly path: string;
  readonly options: ClipOptions;
  readonly resolve: (clip: VideoClip) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
}

/**
 * Threads that decode clips while the main one computes: TensorFlow.js keeps that one busy for whole steps of training, in which nothing
 * that waits on it would go on. Clips are begun in the order in which they are asked for. They are as `readClip` gives them.
 */
export class DecodingPool {
  readonly #limit: number;
  readonly #threads = new Set<Thread>();
  readonly #ended: Promise<void>[] = [];
  #waiting: Job[] = [];
  #disposed = false;

  /** Threads start when they are first needed. @throws ShapeError | TypeError naming the option. */
  constructor(options: PoolOptions = {}) {
    checkOptions('DecodingPool', options, ['threads']);
    const { threads = Math.max(1, Math.min(4, availableParallelism() - 1)) } = options;
    this.#limit = checkedSize('threads', threads);
  }

  /** `readClip` on one of the threads. @throws as that does, and VideoError where its thread ended or the pool was disposed. */
  async readClip(path: string, options: ClipOptions): Promise<VideoClip> {
    if (this.#disposed) throw disposed();
    checkClipOptions(options);
    const { signal } = options;
    signal?.throwIfAborted();
    let abort = () => {};
    try {
      return await new Promise((resolve, reject) => {
        const job: Job = { path, options, resolve, reject };
        abort = () => this.#abort(job);
        this.#waiting.push(job);
        signal?.addEventListener('abort', abort);
        this.#next();
      });
    } finally {
      // A signal outlives thousands of clips.
      signal?.removeEventListener('abort', abort);
    }
  }

  /** Ends the threads. What was not decoded is refused. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(disposed());
    for (const { worker, job } of this.#threads) {
      job?.reject(disposed());
      // A process with nothing else to do would end before who waits for this.
      worker.ref();
      tell(worker, 'end');
    }
    await Promise.all(this.#ended);
  }

  #abort(job: Job): void {
    job.reject(job.options.signal?.reason);
    this.#waiting = this.#waiting.filter((other) => other !== job);
    for (const thread of this.#threads) {
      if (thread.job === job) tell(thread.worker, 'abort');
    }
  }

  /** Gives what waits to threads that do nothing. */
  #next(): void {
    while (this.#waiting.length > 0) {
      const idle = [...this.#threads].find(({ job }) => job === undefined);
      if (idle === undefined && this.#threads.size >= this.#limit) return;
      const thread = idle ?? this.#start();
      const job = this.#waiting.shift() as Job;
      thread.job = job;
      const { signal: _, ...options } = job.options;
      // A thread with nothing to do must not keep a program that has nothing to do either.
      thread.worker.ref();
      tell(thread.worker, { path: job.path, options });
    }
  }

  #start(): Thread {
    const worker = startThread(import.meta.url);
    const thread: Thread = { worker, job: undefined };
    this.#threads.add(thread);
    worker.on('message', (answer: Answer) => {
      const { job } = thread;
      thread.job = undefined;
      worker.unref();
      if ('clip' in answer) job?.resolve(answer.clip);
      else job?.reject(errorOf(answer.error));
      this.#next();
    });
    let reason = 'it ended';
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.#ended.push(
      new Promise((resolve) => {
        worker.on('exit', () => {
          this.#threads.delete(thread);
          const path = thread.job?.path;
          thread.job?.reject(new VideoError(`the thread that decoded ${path} broke: ${reason}`));
          if (!this.#disposed) this.#next();
          resolve();
        });
      }),
    );
    return thread;
  }
}

/** Runs this module in a thread. */
function startThread(url: string): Worker {
  if (!url.endsWith('.ts')) return new Worker(new URL(url), { workerData: marker });
  // TypeScript, which a new thread does not know: this repository's tests run from the sources.
  // Found from here: a thread would look from the folder in which its process runs.
  const loader = import.meta.resolve('tsx/esm/api');
  const program = `import(${JSON.stringify(loader)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(url)});
  })`;
  const execArgv = ['--conditions=@neverend/source'];
  return new Worker(program, { eval: true, workerData: marker, execArgv });
}

function tell(worker: Worker, order: Order): void {
  worker.postMessage(order);
}

function errorOf({ name, message, code }: Extract<Answer, { error: object }>['error']): Error {
  if (code === 'NEVEREND_VIDEO') return new VideoError(message);
  return Object.assign(new Error(message), { name }, code === undefined ? {} : { code });
}

function disposed(): Error {
  return new VideoError('the decoding pool was disposed');
}
