import { described } from '@neverend/backend';
import { checkIsList } from './checks.ts';

/** Errors over tasks, as two averages. */
export interface AverageErrorRate {
  /** Mean of the tasks' error rates, every task alike: the benchmark's E = (1/T) sum of e_i. */
  readonly average: number;
  /** All errors over all predictions, so that large tasks weigh more. */
  readonly weighted: number;
}

/** @throws RangeError when there is no task, or one without predictions. @throws TypeError for what is no list of tasks with numbers. */
export function averageErrorRate(
  tasks: readonly { readonly errors: number; readonly size: number }[],
): AverageErrorRate {
  checkIsList('tasks', tasks);
  for (const [at, task] of tasks.entries()) {
    for (const name of ['errors', 'size'] as const) {
      if (Number.isFinite(task?.[name])) continue;
      throw new TypeError(
        `tasks[${at}].${name} was ${described(task?.[name])}; it must be a number of predictions`,
      );
    }
  }
  if (tasks.length === 0) throw new RangeError('tasks was empty; it must hold at least one task');
  const none = tasks.findIndex(({ size }) => size === 0);
  if (none >= 0) throw new RangeError(`tasks[${none}].size was 0; it must be above 0`);
  let rates = 0;
  let errors = 0;
  let size = 0;
  for (const task of tasks) {
    rates += task.errors / task.size;
    errors += task.errors;
    size += task.size;
  }
  return { average: rates / tasks.length, weighted: errors / size };
}
