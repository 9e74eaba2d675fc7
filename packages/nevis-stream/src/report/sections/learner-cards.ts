import { finalPoints } from '../charts/compute-chart.ts';
import {
  formatCount,
  formatFlops,
  formatSeconds,
  formatShare,
  plural,
  quantity,
} from '../format.ts';
import { type Html, html } from '../html.ts';
import { markIcon } from '../learner-mark.ts';
import type { ReportData, Timing } from '../report-data.ts';

/** A card per learner: its average error, and what it took. */
export function learnerCards({ learners }: ReportData, timing: Timing | undefined): Html {
  const ends = finalPoints(learners);
  const lowest = Math.min(...ends.map(({ error }) => error));
  return html`<ul class="cards">${learners.map((learner, index) => {
    const { title, averageErrorRate, parameters, tasks } = learner;
    const leads = ends.some((end) => end.learner === index && end.error === lowest);
    const last = tasks.length - 1;
    const times = timing?.learners.find(({ name }) => name === learner.name)?.tasks;
    const seconds = times?.reduce((sum, time) => sum + time.trainSeconds + time.predictSeconds, 0);
    return html`<li class="card">
<h3>${markIcon(index)}${title}</h3>
<p class="big">${
      averageErrorRate === null
        ? '–'
        : quantity(averageErrorRate, formatShare, `/learners/${index}/averageErrorRate`)
    }${leads && learners.length > 1 && html` <span class="tag">lowest</span>`}</p>
<p class="note">average error over ${plural(tasks.length, 'task')}</p>
<dl>
${
  last >= 0 &&
  html`<div><dt>Compute</dt><dd>${quantity(
    tasks[last]?.cumulativeFlops ?? '0',
    formatFlops,
    `/learners/${index}/tasks/${last}/cumulativeFlops`,
  )}</dd></div>`
}
<div><dt>Parameters</dt><dd>${quantity(parameters, formatCount, `/learners/${index}/parameters`)}</dd></div>
${seconds !== undefined && html`<div><dt>Wall time</dt><dd>${quantity(seconds, formatSeconds)}</dd></div>`}
</dl>
</li>`;
  })}</ul>`;
}
