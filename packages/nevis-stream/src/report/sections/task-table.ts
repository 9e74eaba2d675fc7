import {
  formatCount,
  formatFlops,
  formatNats,
  formatPValue,
  formatShare,
  plural,
  quantity,
} from '../format.ts';
import { gridEdge } from '../grid-edge.ts';
import { type Html, html } from '../html.ts';
import { markIcon } from '../learner-mark.ts';
import type { ReportData, ReportTask, ReportTaskResult } from '../report-data.ts';

/** One learner's result on the task of a table, with its place in the report data. */
export interface TaskRow {
  readonly index: number;
  readonly name: string;
  readonly title: string;
  readonly result: ReportTaskResult;
  readonly pointer: string;
}

/** The learners that have learned the task, in report order. */
export function taskRows({ learners }: ReportData, task: ReportTask): TaskRow[] {
  return learners.flatMap(({ name, title, tasks }, index) => {
    const at = tasks.findIndex(({ position }) => position === task.position);
    const result = tasks[at];
    if (result === undefined) return [];
    return [{ index, name, title, result, pointer: `/learners/${index}/tasks/${at}` }];
  });
}

/** Error, test against the lowest error, search and compute of every learner on one task. */
export function taskTable(data: ReportData, task: ReportTask, rows: readonly TaskRow[]): Html {
  const [first] = rows.toSorted((a, b) => a.result.errorRate - b.result.errorRate);
  const others = rows.filter((row) => row !== first);
  const isLowest = others.length > 0 && others.every((row) => testOf(data, first, row)?.shown);
  const caption = `Results on ${task.name} (${task.year})`;
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="stack">
<caption class="hidden">${caption}</caption>
<thead><tr><th scope="col">Learner</th><th scope="col">Error rate</th><th scope="col">Against the lowest</th><th scope="col">Cross-entropy</th><th scope="col">Learning rate</th><th scope="col">Best step</th><th scope="col" class="text">Started from</th><th scope="col">FLOP</th></tr></thead>
<tbody>${rows.map((row) => {
    const { index, title, result, pointer } = row;
    const edge = gridEdge(result);
    const trial = result.chosen === null ? undefined : result.trials[result.chosen];
    const chosen = `${pointer}/trials/${result.chosen}`;
    return html`
<tr><th scope="row">${markIcon(index)}${title}</th>
<td data-label="Error rate">${errorRate(row, isLowest && row === first)}</td>
<td data-label="Against the lowest" class="test">${againstLowest(data, first, row)}</td>
<td data-label="Cross-entropy">${quantity(result.crossEntropy, formatNats, `${pointer}/crossEntropy`)}</td>
<td data-label="Learning rate">${
      trial === undefined
        ? '–'
        : html`${quantity(trial.learningRate, String, `${chosen}/learningRate`)}${
            edge === undefined
              ? html`<small>of ${result.trials.length} tried</small>`
              : html`<small class="flag">${edge} of ${result.trials.length} tried</small>`
          }`
    }</td>
<td data-label="Best step">${
      trial === undefined
        ? '–'
        : html`${quantity(trial.bestStep, formatCount, `${chosen}/bestStep`)}<small${trial.bestStep === trial.steps && html` class="flag"`}>${trial.bestStep === trial.steps && 'last '}of ${quantity(trial.steps, formatCount, `${chosen}/steps`)}</small>`
    }</td>
<td data-label="Started from" class="text">${startOf(data, result)}</td>
<td data-label="FLOP">${quantity(totalFlops(result), formatFlops)}<small>${quantity(result.cumulativeFlops, formatFlops, `${pointer}/cumulativeFlops`)} so far</small></td></tr>`;
  })}
</tbody></table></div>`;
}

/** Every trial of the search, and what the FLOPs were spent on: for those who want to look closer. */
export function searchDetails(task: ReportTask, rows: readonly TaskRow[]): Html {
  const trials = rows.reduce((count, { result }) => count + result.trials.length, 0);
  const caption = `Trials on ${task.name} (${task.year})`;
  return html`<details><summary>${trials > 0 && `${plural(trials, 'trial')} of the search and `}${trials > 0 ? 'compute' : 'Compute'} in parts</summary>
${
  trials > 0 &&
  html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table>
<caption class="hidden">${caption}</caption>
<thead><tr><th scope="col">Learner</th><th scope="col">Learning rate</th><th scope="col">Error on dev</th><th scope="col">Best step</th><th scope="col">Steps run</th><th scope="col" class="text">Kept</th></tr></thead>
<tbody>${rows.map(({ index, title, result, pointer }) =>
    result.trials.map((trial, at) => {
      const from = `${pointer}/trials/${at}`;
      return html`
<tr><th scope="row">${markIcon(index)}${title}</th><td>${quantity(trial.learningRate, String, `${from}/learningRate`)}</td><td>${quantity(trial.devError, formatShare, `${from}/devError`)}</td><td>${quantity(trial.bestStep, formatCount, `${from}/bestStep`)}</td><td>${quantity(trial.steps, formatCount, `${from}/steps`)}</td><td class="text">${at === result.chosen ? 'kept' : ''}</td></tr>`;
    }),
  )}
</tbody></table></div>`
}
<div class="scroll" role="region" aria-label="Compute on ${task.name} (${task.year})" tabindex="0"><table>
<caption class="hidden">Compute on ${task.name} (${task.year})</caption>
<thead><tr><th scope="col">Learner</th><th scope="col">Training</th><th scope="col">Validation</th><th scope="col">Prediction</th><th scope="col">Training so far</th></tr></thead>
<tbody>${rows.map(
    ({ index, title, result, pointer }) => html`
<tr><th scope="row">${markIcon(index)}${title}</th>${(
      ['train', 'validation', 'prediction'] as const
    ).map(
      (part) =>
        html`<td>${quantity(result.flops[part], formatFlops, `${pointer}/flops/${part}`)}</td>`,
    )}<td>${quantity(result.cumulativeTrainFlops, formatFlops, `${pointer}/cumulativeTrainFlops`)}</td></tr>`,
  )}
</tbody></table></div></details>`;
}

function errorRate({ result, pointer }: TaskRow, lowest: boolean): Html {
  const rate = quantity(result.errorRate, formatShare, `${pointer}/errorRate`);
  return html`${
    lowest ? html`<strong><span class="hidden">lowest: </span>${rate}</strong>` : rate
  }${
    result.top5ErrorRate !== null &&
    html`<small>top-5 error ${quantity(result.top5ErrorRate, formatShare, `${pointer}/top5ErrorRate`)}</small>`
  }${
    result.nonFinite !== undefined &&
    html`<small class="flag">${quantity(result.nonFinite, formatCount, `${pointer}/nonFinite`)} not finite</small>`
  }`;
}

/** McNemar's test of two learners on the task, with its place in the report data. */
function testOf({ comparisons }: ReportData, a: TaskRow | undefined, b: TaskRow) {
  const at = comparisons.tasks.findIndex(
    ({ position, learners }) =>
      position === b.result.position &&
      learners.includes(b.name) &&
      learners.includes(a?.name ?? ''),
  );
  const test = comparisons.tasks[at];
  return a === b || test === undefined ? undefined : { ...test, at };
}

function againstLowest(data: ReportData, first: TaskRow | undefined, row: TaskRow): Html {
  const test = testOf(data, first, row);
  if (test === undefined) return html`–`;
  const pValue = quantity(test.pValue, formatPValue, `/comparisons/tasks/${test.at}/pValue`);
  return html`${test.shown ? 'more' : 'no difference shown'}<small>${pValue}</small>`;
}

function totalFlops({ flops }: ReportTaskResult): string {
  return String(BigInt(flops.train) + BigInt(flops.validation) + BigInt(flops.prediction));
}

function startOf({ stream }: ReportData, { startedFrom }: ReportTaskResult): Html {
  if (startedFrom === null) return html`scratch`;
  const source = stream.tasks.find(({ position }) => position === startedFrom);
  return source === undefined
    ? html`task ${startedFrom + 1}`
    : html`${source.name}<small>${source.year}</small>`;
}
