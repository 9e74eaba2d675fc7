import { formatCount, formatShare, quantity } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ReportData, ReportTask } from '../report-data.ts';
import { exampleGrid } from './examples.ts';
import { searchDetails, taskRows, taskTable } from './task-table.ts';

/** One position of the stream: what it is, how the learners did, some images. */
export function taskSection(data: ReportData, task: ReportTask, at: number): Html {
  const rows = taskRows(data, task);
  const { whole } = task;
  const count = (field: 'numClasses' | 'trainSize' | 'devSize' | 'evalSize') =>
    quantity(task[field], formatCount, `/stream/tasks/${at}/${field}`);
  const part = (split: 'train' | 'dev' | 'eval') => {
    const all = quantity(whole[split], formatCount, `/stream/tasks/${at}/whole/${split}`);
    return html`${count(`${split}Size`)}${task[`${split}Size`] < whole[split] && html` of ${all}`}`;
  };
  return html`
<article class="task" id="task-${task.position}">
<h3><span class="year">${task.year}</span> ${task.name}</h3>
<p class="facts">${task.domain} · ${count('numClasses')} classes · ${part('train')} images to train on, ${part('dev')} to choose by, ${part('eval')} to measure on (<code>${task.evalSplit}</code>) · majority class errs on ${quantity(
    task.majorityErrorRate,
    formatShare,
    `/stream/tasks/${at}/majorityErrorRate`,
  )}</p>
${rows.length > 0 ? [taskTable(data, task, rows), searchDetails(task, rows)] : html`<p class="note">Not learned yet.</p>`}
${exampleGrid(data, task)}
</article>`;
}
