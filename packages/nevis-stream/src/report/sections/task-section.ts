import { formatCount, formatShare, quantity } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ReportData, ReportTask, Timing } from '../report-data.ts';
import { exampleGrid } from './examples.ts';
import { searchDetails, taskRows, taskTable } from './task-table.ts';

/** One position of the stream: what it is, how the learners did, some images. */
export function taskSection(
  data: ReportData,
  task: ReportTask,
  at: number,
  timing: Timing | undefined,
): Html {
  const rows = taskRows(data, task, timing);
  const count = (field: 'numClasses' | 'trainSize' | 'devSize' | 'evalSize') =>
    quantity(task[field], formatCount, `/stream/tasks/${at}/${field}`);
  return html`
<article class="task" id="task-${task.position}">
<h3><span class="year">${task.year}</span> ${task.name}</h3>
<p class="facts">${task.domain} · ${count('numClasses')} classes · ${count('trainSize')} images to train on, ${count('devSize')} to choose by, ${count('evalSize')} to measure on (<code>${task.evalSplit}</code>) · majority class errs on ${quantity(
    task.majorityErrorRate,
    formatShare,
    `/stream/tasks/${at}/majorityErrorRate`,
  )}</p>
${rows.length > 0 ? [taskTable(data, task, rows), searchDetails(task, rows)] : html`<p class="note">Not learned yet.</p>`}
${exampleGrid(data, task)}
</article>`;
}
