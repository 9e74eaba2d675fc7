import { described } from '@neverend/backend';
import { checkList } from './checks.ts';

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
  checkList('tasks', tasks);
  for (const [at, task] of tasks.entries()) {
    for (const name of ['errors', 'size'] as const) {
      if (Number.isFinite(task?.[name])) continue;
      throw new TypeError(
        `tasks[${at}].${name} was ${described(task?.[name])}; it must be a number of predictions`,
      );
    }
  }
  if (tasks.length === 0 || tasks.some(({ size }) => size === 0)) {
    throw new RangeError('tasks is empty or holds one without predictions, must have some of each');
  }
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
