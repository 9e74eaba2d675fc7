import { type Html, html } from '../html.ts';
import type { ReportData } from '../report-data.ts';

/** How the numbers came about, for readers who want to trust them. */
export function methodSection({ stream, comparisons }: ReportData): Html {
  const splits = [...new Set(stream.tasks.map(({ evalSplit }) => evalSplit))];
  const chance = `${Math.round(100 * comparisons.level)}%`;
  return html`<dl class="method">
<div><dt>Protocol</dt><dd>A learner meets the tasks in the order of their years. It trains on the <code>train</code> split, makes its choices on <code>dev</code> and is measured once, right after training, on ${splits.map((split, at) => html`${at > 0 && ', '}<code>${split}</code>`)}.</dd></div>
<div><dt>Error rate</dt><dd>Share of images whose largest logit is not at the label; the smaller class id wins ties, and logits that are not finite are errors. The top-5 error is the share whose label is not among the five largest. The average gives every task the same weight. Cross-entropy is the mean of −log softmax at the label, in nats.</dd></div>
<div><dt>Comparisons</dt><dd>All learners predict the same images. Differences of averages have intervals by a paired bootstrap: images are drawn anew within each data set, the same ones for all learners, 10,000 times; a data set that comes back is drawn once. Differences on one task have McNemar’s exact test: of the images that one learner alone gets wrong, how many are whose. Both are corrected for the number of pairs (Bonferroni, Holm), so that all differences shown of one kind, or on one task, are true but for a chance of ${chance}. Only a learner whose difference to every other one is shown is called the lowest, and is bold. All this is about these weights: it says nothing of those that another seed would make.</dd></div>
<div><dt>Majority class</dt><dd>Always naming the most frequent class of <code>train</code>: what a learner must beat to have learned anything.</dd></div>
<div><dt>Search</dt><dd>Each learning rate is a full training of its own. The weights with the smallest error on <code>dev</code> are kept, earlier ones on ties, and every trial is paid for. Where the rate that was kept is the smallest or the largest that was tried, it is marked: a better one may lie beyond. So is a best step that is the last one: more steps may do better.</dd></div>
<div><dt>Compute</dt><dd>Floating-point operations of the kernels as they ran, two to a multiply-add: forward and backward passes and updates of every trial, validation on <code>dev</code>, and prediction. The chart adds up all of them.</dd></div>
<div><dt>Pareto front</dt><dd>A learner is on it when no other one paid no more and erred no more, with one of the two smaller: as measured, also where no test shows the difference. Only learners with the same number of tasks behind them are compared.</dd></div>
<div><dt>Repeatable</dt><dd>All numbers but those on the clock depend on the settings, the seed and the backend alone. A run that was stopped and resumed ends with the same ones.</dd></div>
</dl>`;
}
