import { described } from '@neverend/backend';
import { isSystemError, RunError } from '@neverend/checkpoint/node';
import { DataError } from '../data/data-error.ts';
import type { PredictionBatch, StreamEvent } from '../types.ts';
import { checkJson, checkValue } from './check-value.ts';

/** Who does what, for messages. */
export function whoOf(learner: string, event?: StreamEvent): string {
  return event === undefined
    ? `the learner ${learner} at its start`
    : `the learner ${learner} on ${event.task.name} (${event.year})`;
}

/**
 * Does a piece of a learner's work.
 *
 * @param who whose it is. @throws RunError that names it, for whatever the learner throws; what ends a run by its signal, is wrong with its data, or is of the
 * system, as it is.
 */
export async function workOf<T>(
  who: string,
  signal: AbortSignal | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (signal?.aborted || isSystemError(cause) || DataError.isInstance(cause)) throw cause;
    const message = cause instanceof Error ? cause.message || cause.name : described(cause);
    throw new RunError(`${who}: ${message}`, { cause });
  }
}

/** @throws RunError naming the part of what `train` gave that is not what it must be. */
export function checkTraining(who: string, result: unknown): void {
  checkValue(
    `${who}: what train gave`,
    result,
    isObject(result),
    'an object with state, usage, summary',
  );
  const { state, usage, summary } = result as Record<string, unknown>;
  checkJson(`${who}: state`, state);
  checkUsage(who, usage);
  checkValue(`${who}: summary`, summary, isObject(summary), 'a summary of the training');
  checkJson(`${who}: summary`, summary);
  const { trials, chosen, startedFrom, ...hashes } = summary as Record<string, unknown>;
  checkValue(`${who}: summary.trials`, trials, Array.isArray(trials), 'a list of trials');
  for (const [at, trial] of (trials as unknown[]).entries()) {
    for (const name of ['learningRate', 'devError', 'bestStep', 'steps'] as const) {
      const value = (trial as Record<string, unknown> | null)?.[name];
      checkValue(
        `${who}: summary.trials[${at}].${name}`,
        value,
        Number.isFinite(value),
        'a number',
      );
    }
  }
  const isPlace = (value: unknown, end = Number.POSITIVE_INFINITY) =>
    value === null || (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) < end);
  const isTrial = isPlace(chosen, (trials as unknown[]).length);
  checkValue(`${who}: summary.chosen`, chosen, isTrial, 'the index of a trial, or null');
  const isPosition = isPlace(startedFrom);
  checkValue(`${who}: summary.startedFrom`, startedFrom, isPosition, 'a position, or null');
  for (const name of ['startSha256', 'endSha256']) {
    checkValue(`${who}: summary.${name}`, hashes[name], typeof hashes[name] === 'string', 'a text');
  }
}

/** @throws RunError naming the part of what a learner used that is not what it must be. */
export function checkUsage(who: string, usage: unknown): void {
  const must = 'an object with flops and peakParameters';
  checkValue(`${who}: usage`, usage, isObject(usage), must);
  const { flops, peakParameters } = usage as Record<string, unknown>;
  checkValue(
    `${who}: usage.flops`,
    flops,
    isObject(flops),
    'an object with train, validation, prediction',
  );
  for (const name of ['train', 'validation', 'prediction']) {
    const value = (flops as Record<string, unknown>)[name];
    const isCount = typeof value === 'bigint' && value >= 0n;
    checkValue(`${who}: usage.flops.${name}`, value, isCount, 'a bigint of 0n or more');
  }
  const isNumber = Number.isSafeInteger(peakParameters) && Number(peakParameters) >= 0;
  checkValue(`${who}: usage.peakParameters`, peakParameters, isNumber, 'an integer of 0 or more');
}

/** @throws RunError unless `predict` gave what can be read batch by batch. */
export function checkPredicting(who: string, batches: unknown): void {
  // That of an async function may fail later, when nobody waits for it any more.
  if (batches instanceof Promise) batches.catch(() => undefined);
  const isIterator =
    isObject(batches) && typeof (batches as { next?: unknown }).next === 'function';
  checkValue(
    `${who}: what predict gave`,
    batches,
    isIterator,
    'an async generator (async function*)',
  );
}

/** @throws RunError unless it has labels and logits. */
export function checkBatch(who: string, batch: PredictionBatch): void {
  checkValue(`${who}: a batch`, batch, isObject(batch), 'an object with labels and logits');
  const { labels, logits } = batch;
  checkValue(`${who}: labels of a batch`, labels, labels instanceof Int32Array, 'an Int32Array');
  checkValue(`${who}: logits of a batch`, logits, logits instanceof Float32Array, 'a Float32Array');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
