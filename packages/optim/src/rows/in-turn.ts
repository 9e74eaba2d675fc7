const last = new WeakMap<object, Promise<unknown>>();

/**
 * Begins a task when all earlier ones that share one of its objects have ended, however they ended. Tasks come
 * into their queues at the time of the call, so that none waits for a later one.
 */
export async function inTurn<T>(objects: Iterable<object>, task: () => Promise<T>): Promise<T> {
  const owned = [...objects];
  const before = owned.map((object) => last.get(object));
  const result = Promise.all(before).then(task);
  const ended = result.catch(() => undefined);
  for (const object of owned) last.set(object, ended);
  return result;
}
