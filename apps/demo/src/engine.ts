import type { TransferredFrames } from '@neverend/trecvit/video';
import type { BackendWish, FromWorker, ModelChoice, ToWorker } from './protocol.ts';

/** The worker in which the model runs, from the page. */
export class Engine {
  readonly #hear: (message: FromWorker) => void;
  #worker: Worker | undefined;

  /** @param hear is told what the worker says. */
  constructor(hear: (message: FromWorker) => void) {
    this.#hear = hear;
  }

  /** Loads a model in a fresh worker: a backend that once started stays for the life of its thread. */
  load(backend: BackendWish, model: ModelChoice): void {
    this.#worker?.terminate();
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = ({ message }) =>
      this.#hear({
        type: 'broken',
        sentence: `The worker that runs the model ended: ${message || 'its script could not be loaded'}.`,
      });
    this.#worker = worker;
    this.#say({ type: 'load', backend, model });
  }

  watch(session: number, frames: TransferredFrames, transfer: Transferable[]): void {
    this.#say({ type: 'watch', session, frames }, transfer);
  }

  pause(paused: boolean): void {
    this.#say({ type: 'pause', paused });
  }

  stop(): void {
    this.#say({ type: 'stop' });
  }

  #say(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }
}
