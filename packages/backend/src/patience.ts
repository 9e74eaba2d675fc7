const TICK = 50;

/** Milliseconds after which any start is given up, so that the calls behind it come to their turn. */
export const LONGEST = 30_000;

/** A wait that ends in an error once nothing was heard for too long. */
export interface Patience {
  /** Never resolves; rejects when it is at its end. */
  readonly end: Promise<never>;
  /** Starts the wait, or starts it anew. */
  heard(): void;
  /** Must be called in the end. */
  stop(): void;
}

/**
 * Counts only time in which this thread was free: one that computes meanwhile could not have heard anything.
 *
 * @param error what `end` rejects with.
 */
export function patience(milliseconds: number, error: Error): Patience {
  let left = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let reject: (reason: Error) => void;
  const end = new Promise<never>((_, rejectEnd) => {
    reject = rejectEnd;
  });
  // It may come when nobody waits any more.
  end.catch(() => undefined);
  const stop = (): void => clearInterval(timer);
  return {
    end,
    heard() {
      left = milliseconds / TICK;
      timer ??= setInterval(() => {
        left--;
        if (left > 0) return;
        stop();
        reject(error);
      }, TICK);
    },
    stop,
  };
}

/**
 * What `work` resolves to.
 *
 * @throws `error` when that takes too long.
 */
export async function within<T>(milliseconds: number, error: Error, work: Promise<T>): Promise<T> {
  const wait = patience(milliseconds, error);
  wait.heard();
  try {
    return await Promise.race([work, wait.end]);
  } finally {
    wait.stop();
  }
}
