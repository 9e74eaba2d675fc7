import { computeChart } from './charts/compute-chart.ts';
import { errorChart } from './charts/error-chart.ts';
import { renderChart } from './charts/render-chart.ts';
import { taskComputeChart } from './charts/task-compute-chart.ts';
import { checkReportData, checkTiming } from './check-report-data.ts';
import { distinctTitles } from './distinct-titles.ts';
import { plural } from './format.ts';
import { type Html, html, jsonForScript, trusted } from './html.ts';
import { markIcon } from './learner-mark.ts';
import type { ReportData, Timing } from './report-data.ts';
import { scopeText } from './scope.ts';
import { headline } from './sections/headline.ts';
import { learnerCards } from './sections/learner-cards.ts';
import { methodSection } from './sections/method.ts';
import { missingSection } from './sections/missing.ts';
import { settingsSection } from './sections/settings.ts';
import { taskSection } from './sections/task-section.ts';
import { styleSheet } from './style-sheet.ts';

/**
 * A report as one HTML page that needs nothing but itself: style, charts and images are in it, there is no
 * script, and its content policy forbids every request. The data is in it too, as JSON in the element
 * `#report-data`.
 *
 * @param timing Wall times and the machine; without it the page has neither.
 * @throws TypeError naming the first value of `given` or `timing` that is not what it must be.
 */
export async function renderReport(given: ReportData, timing?: Timing): Promise<string> {
  checkReportData(given);
  if (timing !== undefined) checkTiming(timing);
  const data = { ...given, learners: distinctTitles(given.learners) };
  const { title, command, settings, backend, stream, learners } = data;
  const [errors, compute, tasks] = await Promise.all([
    renderChart('errors', (width) => errorChart(data, width)),
    renderChart('compute', (width) => computeChart(data, width)),
    renderChart('tasks', (width) => taskComputeChart(data, width)),
  ]);
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${trusted(styleSheet)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the results</a>
<header>
<p class="eyebrow">NEVIS · ${stream.name} · ${plural(stream.tasks.length, 'task')}</p>
<h1>${title}</h1>
<p class="scope">${scopeText(data)}</p>
<p class="lead">${headline(data)}</p>
<dl class="run"><div><dt>Preset</dt><dd>${settings.preset}</dd></div><div><dt>Seed</dt><dd>${settings.seed}</dd></div><div><dt>Backend</dt><dd>${backend.name} ${backend.version}</dd></div><div><dt>Device</dt><dd>${backend.device}</dd></div></dl>
<p class="repeat">${
    command === null
      ? 'A program made this run: the same program makes it again.'
      : html`Make this run again: <code>${command}</code> <span>(in a clone, <code>npm start --</code> for <code>nevis run</code>)</span>`
  }</p>
</header>
<main id="content">
${missingSection(stream)}
<section class="first" aria-labelledby="learners-title"><h2 id="learners-title" class="hidden">Learners</h2>
${learnerCards(data)}</section>
<section aria-labelledby="error-title"><h2 id="error-title">Error on each task</h2>
<figure><figcaption>Measured right after the task was learned.${legend(data, html`<li><svg class="mark tall" viewBox="0 0 10 20" aria-hidden="true"><path d="M5 1V19" class="dash"/></svg>Majority class</li>`)}</figcaption>
${errors}</figure></section>
<section aria-labelledby="compute-title"><h2 id="compute-title">Error against compute</h2>
<figure><figcaption>Large marks: the average error over all tasks against all floating-point operations, of training with every trial, validation and prediction. Further down is better, further left is cheaper. The path to a mark is the average over the tasks so far: it rises where the next task is harder, not because compute does harm.${legend(data, html`<li><svg class="mark wide" viewBox="0 0 20 10" aria-hidden="true"><path d="M0 5H20" class="dash"/></svg>Pareto front</li>`)}</figcaption>
${compute}</figure>
<figure><figcaption>The tasks’ own errors against what each of them cost: one panel a task, with the same axes.${legend(data)}</figcaption>
${tasks}</figure></section>
<section aria-labelledby="tasks-title"><h2 id="tasks-title">The tasks</h2>
<nav aria-label="Tasks"><ol>${stream.tasks.map(({ position, name, year }) => html`<li><a href="#task-${position}">${year} ${name}</a></li>`)}</ol></nav>
${stream.tasks.map((task, at) => taskSection(data, task, at))}</section>
<section aria-labelledby="settings-title"><h2 id="settings-title">Settings</h2>
${settingsSection(data, timing)}</section>
<section aria-labelledby="method-title"><h2 id="method-title">How the numbers were made</h2>
${methodSection(data)}</section>
</main>
<footer><p>The data behind this page is in its source as JSON, in the element <code>#report-data</code>; wall times are not part of it. Learners: ${learners.map(({ name }, at) => html`${at > 0 && ', '}<code>${name}</code>`)}.</p></footer>
<script type="application/json" id="report-data">${jsonForScript(data)}</script>
</body>
</html>
`;
  return page.markup;
}

function legend({ learners }: ReportData, extra?: Html): Html {
  return html`<ul class="legend">${learners.map(({ title }, index) => html`<li>${markIcon(index)}${title}</li>`)}${extra}</ul>`;
}
