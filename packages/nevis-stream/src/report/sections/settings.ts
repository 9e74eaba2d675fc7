import type { Json } from '../../types.ts';
import { formatGibibytes, formatSeconds, plural, quantity } from '../format.ts';
import { type Html, html } from '../html.ts';
import { markIcon } from '../learner-mark.ts';
import type { ReportData, Timing } from '../report-data.ts';

/** The section that says what was run, and on what. */
export function settingsSection(
  { settings, backend, learners }: ReportData,
  timing: Timing | undefined,
): Html {
  const ofLearners = learners.map((learner) => new Map(settingRows(learner.settings)));
  const names = [...new Set(ofLearners.flatMap((rows) => [...rows.keys()]))];
  return html`<div class="columns"><div>
<h3>Run</h3>
<dl class="settings">${settingRows(settings).map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl></div><div>
<h3>Machine</h3>
<dl class="settings"><div><dt>backend</dt><dd>${backend.name} ${backend.version}</dd></div><div><dt>device</dt><dd>${backend.device}</dd></div>${timing?.hosts.map(
    (host) =>
      html`<div><dt>processor</dt><dd>${host.cpu}, ${plural(host.cores, 'core')}</dd></div><div><dt>memory</dt><dd>${formatGibibytes(host.memoryBytes)}</dd></div><div><dt>platform</dt><dd>${host.platform}</dd></div><div><dt>Node</dt><dd>${host.node}</dd></div>`,
  )}</dl></div></div>
${timing && wallTimes(learners, timing)}
<h3>Learners</h3>
<div class="scroll" role="region" aria-label="Settings of the learners" tabindex="0"><table class="plain">
<caption class="hidden">Settings of the learners</caption>
<thead><tr><th scope="col">Setting</th>${learners.map(({ title }, index) => html`<th scope="col">${markIcon(index)}${title}</th>`)}</tr></thead>
<tbody>${names.map(
    (name) => html`
<tr><th scope="row">${name}</th>${ofLearners.map((rows) => html`<td>${rows.get(name) ?? '–'}</td>`)}</tr>`,
  )}
</tbody></table></div>`;
}

/** What passed on the clock: of the machine and of what else it did, not of the learners. */
function wallTimes(learners: ReportData['learners'], timing: Timing): Html {
  const seconds = timing.learners.map(({ name, tasks }) => ({
    title: learners.find((learner) => learner.name === name)?.title ?? name,
    total: tasks.reduce((sum, time) => sum + time.trainSeconds + time.predictSeconds, 0),
  }));
  return html`<p class="note">On the clock: ${seconds.map(
    ({ title, total }, at) => html`${at > 0 && ', '}${title} ${quantity(total, formatSeconds)}`,
  )}. Times of equal work differ from run to run and from machine to machine, so they are not among the results.</p>`;
}

/** JSON as rows of a dotted name and a value; lists of plain values stay together. */
function settingRows(settings: Json, name = ''): [name: string, value: string][] {
  if (settings === null || typeof settings !== 'object') return [[name, String(settings)]];
  const entries = Object.entries(settings);
  const plain = entries.every(([, value]) => value === null || typeof value !== 'object');
  if (Array.isArray(settings) && plain) return [[name, settings.join(', ')]];
  return entries.flatMap(([key, value]) =>
    settingRows(value, name === '' ? key : `${name}.${key}`),
  );
}
