/** What jobs give, in their order, while up to `ahead` later ones are under way. An error comes in its turn. */
export async function* readAhead<T>(
  jobs: Iterable<() => Promise<T>>,
  ahead: number,
): AsyncGenerator<T, void> {
  const pending: Promise<T>[] = [];
  try {
    for (const job of jobs) {
      const result = job();
      // Until its turn nobody waits for it.
      result.catch(() => undefined);
      pending.push(result);
      if (pending.length > ahead) yield await (pending.shift() as Promise<T>);
    }
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) yield await next;
  } finally {
    await Promise.allSettled(pending);
  }
}
