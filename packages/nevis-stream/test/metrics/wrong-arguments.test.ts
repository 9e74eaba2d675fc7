import { expect, it } from 'vitest';
import {
  averageErrorRate,
  classificationMetrics,
  holm,
  majorityClassError,
  mcNemar,
  pairedBootstrap,
  paretoFront,
  predictedClass,
} from '../../src/index.ts';

const one = Uint8Array.of(1);

it.each<[() => unknown, string]>([
  [() => averageErrorRate(null as never), 'tasks was null; it must be a list'],
  [
    () => averageErrorRate([{ errors: 1 }] as never),
    'tasks[0].size was undefined; it must be a number of predictions',
  ],
  [() => averageErrorRate([null] as never), 'tasks[0].errors was undefined; it must be a number'],
  [() => paretoFront(undefined as never), 'points was undefined; it must be a list'],
  [() => mcNemar(-1, 2), 'onlyFirst was -1; it must be an integer of 0 or more'],
  [() => mcNemar(1, Number.NaN), 'onlySecond was NaN; it must be an integer of 0 or more'],
  [() => holm(0.1 as never), 'pValues was 0.1; it must be a list'],
  [() => holm([0.1, Number.NaN]), 'pValues[1] was NaN; it must be a number from 0 to 1'],
  [() => holm([2]), 'pValues[0] was 2; it must be a number from 0 to 1'],
  [() => pairedBootstrap(null as never, 0.05, [0]), 'groups was null; it must be a list'],
  [
    () => pairedBootstrap([{ wrong: [[one], [one]] }], 5, [0]),
    'alpha was 5; it must be a number between 0 and 1',
  ],
  [() => pairedBootstrap([], 0.05, 0 as never), 'seed was 0; it must be a list'],
  [
    () => classificationMetrics([0] as never, new Float32Array(2), 2),
    'labels was a list; it must be an Int32Array',
  ],
  [
    () => classificationMetrics(new Int32Array(1), null as never, 2),
    'logits was null; it must be a Float32Array',
  ],
  [() => predictedClass(null as never, 0, 2), 'logits was null; it must be a Float32Array'],
  [
    () => majorityClassError(null as never, new Int32Array(1), 2),
    'trainLabels was null; it must be an Int32Array',
  ],
])('%o says what is wrong', (call, message) => {
  expect(call).toThrow(message);
});
