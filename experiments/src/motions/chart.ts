import type { TopLevelSpec } from 'vega-lite';
import type { ArmSummary } from './summary.ts';
import { paperResults, titles } from './titles.ts';

const [width, height] = [560, 250];

/** The arms' accuracies as an SVG: each seed, the mean and its 95 % interval, and the paper's numbers below. */
export async function drawChart(summaries: readonly ArmSummary[]): Promise<string> {
  // Both are large, and only reports need them.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const { spec } = compile(chartSpec(summaries));
  const view = new vega.View(vega.parse(spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** The same picture as PNG, at twice its size. */
export async function toPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const options = { fitTo: { mode: 'zoom', value: 2 }, background: 'white' } as const;
  return new Resvg(svg, options).render().asPng();
}

function chartSpec(summaries: readonly ArmSummary[]): TopLevelSpec {
  const means = summaries.map(({ arm, accuracy: { mean, half } }) => ({
    arm: titles[arm],
    kind: here,
    mean: 100 * mean,
    from: Math.max(0, 100 * (mean - half)),
    to: Math.min(100, 100 * (mean + half)),
  }));
  const seeds = summaries.flatMap(({ arm, accuracies }) =>
    accuracies.map((accuracy) => ({ arm: titles[arm], accuracy: 100 * accuracy })),
  );
  const paper = summaries.map(({ arm }) => ({
    arm: titles[arm],
    kind: there,
    mean: paperResults[arm].accuracy,
  }));
  const y = {
    field: 'arm',
    type: 'nominal' as const,
    title: null,
    sort: summaries.map(({ arm }) => titles[arm]),
  };
  const x = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: 'videos named rightly, %',
    scale: { domain: [0, 100] },
  });
  const colour = {
    field: 'kind',
    type: 'nominal' as const,
    title: null,
    scale: { domain: [here, there], range: ['#0b6e99', '#b35c00'] },
    legend: { orient: 'bottom' as const },
  };
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...{ width, height, background: 'white', padding: 12 },
    config: {
      font: 'DejaVu Sans, Arial, sans-serif',
      axis: { labelFontSize: 13, labelLimit: 200 },
      legend: { labelLimit: 400, labelFontSize: 12 },
    },
    layer: [
      {
        data: { values: means },
        mark: { type: 'rule', strokeWidth: 3, color: '#0b6e99' },
        encoding: { y, x: x('from'), x2: { field: 'to' } },
      },
      {
        data: { values: seeds },
        mark: { type: 'tick', thickness: 1, size: 22, color: '#0b6e99' },
        encoding: { y, x: x('accuracy') },
      },
      {
        data: { values: [...means, ...paper] },
        mark: { type: 'point', filled: true, size: 90 },
        encoding: { y, x: x('mean'), color: colour, shape: { ...colour, scale: shapes } },
      },
      {
        data: { values: [{ chance: 12.5 }] },
        mark: { type: 'rule', strokeDash: [4, 4], color: '#777777' },
        encoding: { x: x('chance') },
      },
    ],
  };
}

const here = 'motions: mean of three seeds, 95 % interval, seeds';
const there = 'paper, SSv2';
const shapes = { domain: [here, there], range: ['circle', 'diamond'] };
