import { imageDataUri } from '../example-image.ts';
import { type Html, html, trusted } from '../html.ts';
import { markIcon } from '../learner-mark.ts';
import type { ReportData, ReportExample, ReportExamples, ReportTask } from '../report-data.ts';

const right = trusted('<path d="M3 8.5l3.2 3.2L13 4.6"/>');
const wrong = trusted('<path d="M4 4l8 8M12 4l-8 8"/>');

/** Images of a task with their labels and what each learner took them for. */
export function exampleGrid(data: ReportData, task: ReportTask): Html | undefined {
  const examples = data.examples.find(({ position }) => position === task.position);
  if (examples === undefined || examples.items.length === 0) return undefined;
  const [height, width, channels] = examples.shape;
  return html`<h4>Examples</h4>
<p class="note">${width} × ${height} pixels from <code>${task.evalSplit}</code>, enlarged without smoothing${
    channels > 3 && html`; false colour from the first three of ${channels} bands`
  }.</p>
<ul class="examples">${examples.items.map((item) => exampleTile(data, task, examples, item))}</ul>`;
}

function exampleTile(
  { learners }: ReportData,
  task: ReportTask,
  { shape }: ReportExamples,
  { index, label, pixels, predictions }: ReportExample,
): Html {
  const name = className(task, label);
  return html`
<li><img src="${imageDataUri(pixels, shape)}" width="84" height="84" alt="${task.name}, image ${index}: ${name}">
<div><p><span class="hidden">True class: </span>${name}</p>
<ul>${learners.map(({ name: learner, title }, at) => {
    const prediction = predictions[learner];
    if (prediction === undefined) return undefined;
    const hit = prediction === label;
    const said = prediction === null ? 'no answer' : className(task, prediction);
    return html`<li class="${hit ? 'right' : 'wrong'}">${markIcon(at)}<svg class="verdict" viewBox="0 0 16 16" aria-hidden="true">${hit ? right : wrong}</svg><span><span class="hidden">${title}, ${hit ? 'right' : 'wrong'}: </span>${said}</span></li>`;
  })}</ul></div></li>`;
}

function className({ classNames }: ReportTask, id: number): string {
  return classNames[id] ?? `class ${id}`;
}
