import { plural } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { ReportStream } from '../report-data.ts';

/** The tasks that the stream should hold and this run had no data for, with the command that mends it. */
export function missingSection({ missing, name }: ReportStream): Html | undefined {
  if (missing.length === 0) return undefined;
  return html`<aside class="missing" aria-labelledby="missing-title">
<h2 id="missing-title">${plural(missing.length, 'task')} of ${name} left out</h2>
<p>There was no data for ${missing.length === 1 ? 'it' : 'them'} on this machine. Averages are over the other tasks.</p>
<ul>${missing.map((task) => html`<li><strong>${task.name}</strong> (${task.year}): <code>${task.fix}</code></li>`)}</ul>
</aside>`;
}
