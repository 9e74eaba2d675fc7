import { formatCount, formatFlops, formatShare, plural, quantity } from '../format.ts';
import { gridEdge } from '../grid-edge.ts';
import { type Html, html } from '../html.ts';
import { markIcon } from '../learner-mark.ts';
import { rankLearners } from '../ranking.ts';
import type { ReportData } from '../report-data.ts';

/** A card per learner: its average error, and what it took. */
export function learnerCards(data: ReportData): Html {
  const { winner, tied } = rankLearners(data);
  return html`<ul class="cards">${data.learners.map((learner, index) => {
    const { title, averageErrorRate, parameters, tasks } = learner;
    const isTied = tied.length > 1 && tied.some((one) => one.index === index);
    const last = tasks.length - 1;
    const searches = tasks.filter(({ trials }) => trials.length > 1);
    const edges = searches.filter((result) => gridEdge(result) !== undefined).length;
    return html`<li class="card">
<h3>${markIcon(index)}${title}</h3>
<p class="big">${
      averageErrorRate === null
        ? '–'
        : quantity(averageErrorRate, formatShare, `/learners/${index}/averageErrorRate`)
    }</p>
<p class="note">average error over ${plural(tasks.length, 'task')}${
      winner?.index === index ? html` <span class="tag">lowest</span>` : undefined
    }${isTied && html` <span class="tag none">no difference shown</span>`}</p>
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
${
  searches.length > 0 &&
  html`<div><dt>At the grid’s edge</dt><dd${edges > 0 && html` class="flag"`}>${edges} of ${plural(searches.length, 'search', 'searches')}</dd></div>`
}
</dl>
</li>`;
  })}</ul>`;
}
