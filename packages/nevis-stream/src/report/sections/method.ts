import { type Html, html } from '../html.ts';
import type { ReportData } from '../report-data.ts';

/** How the numbers came about, for readers who want to trust them. */
export function methodSection({ stream }: ReportData): Html {
  const splits = [...new Set(stream.tasks.map(({ evalSplit }) => evalSplit))];
  return html`<dl class="method">
<div><dt>Protocol</dt><dd>A learner meets the tasks in the order of their years. It trains on the <code>train</code> split, makes its choices on <code>dev</code> and is measured once, right after training, on ${splits.map((split, at) => html`${at > 0 && ', '}<code>${split}</code>`)}.</dd></div>
<div><dt>Error rate</dt><dd>Share of images whose largest logit is not at the label; the smaller class id wins ties, and logits that are not finite are errors. The lowest of a table is bold; the average gives every task the same weight. Cross-entropy is the mean of −log softmax at the label, in nats.</dd></div>
<div><dt>Majority class</dt><dd>Always naming the most frequent class of <code>train</code>: what a learner must beat to have learned anything.</dd></div>
<div><dt>Search</dt><dd>Each learning rate is a full training of its own. The weights with the smallest error on <code>dev</code> are kept, earlier ones on ties, and every trial is paid for.</dd></div>
<div><dt>Compute</dt><dd>Floating-point operations of the kernels as they ran, two to a multiply-add: forward and backward passes and updates of every trial, validation on <code>dev</code>, and prediction. The chart adds up all of them.</dd></div>
<div><dt>Pareto front</dt><dd>A learner is on it when no other one paid no more and erred no more, with one of the two smaller. Only learners with the same number of tasks behind them are compared.</dd></div>
<div><dt>Wall time</dt><dd>Taken on the machine above, and kept apart from all other numbers: these depend on the settings, the seed and the backend, and a run that was stopped and resumed ends with the same ones.</dd></div>
</dl>`;
}
