import type { TopLevelSpec } from 'vega-lite';
import { type Html, html, trusted } from '../html.ts';

/** Plot areas for wide, middle and narrow pages, in pixels; the page shows the one that fits. */
export const chartWidths = { wide: 968, middle: 600, narrow: 318 } as const;

export type ChartWidth = keyof typeof chartWidths;

/** A chart as Vega-Lite layers on an area whose whole size is given, so that no text must be measured. */
export interface Chart {
  readonly title: string;
  readonly description: string;
  readonly height: number;
  readonly margin: { readonly left: number; readonly right: number };
  readonly layer: readonly object[];
}

const top = 12;
const bottom = 46;

/**
 * Draws a chart once per width.
 *
 * @param id Unique on the page.
 */
export async function renderChart(
  id: string,
  draw: (width: ChartWidth) => Chart,
): Promise<readonly Html[]> {
  const widths = Object.keys(chartWidths) as ChartWidth[];
  return Promise.all(
    widths.map(async (width) => {
      const chart = draw(width);
      return labelSvg(await toSvg(chart, chartWidths[width]), `${id}-${width}`, width, chart);
    }),
  );
}

async function toSvg({ height, margin, layer }: Chart, width: number): Promise<string> {
  // Both are large, and only reports need them.
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const spec = {
    width: width - margin.left - margin.right,
    height,
    autosize: 'none',
    padding: { left: margin.left, right: margin.right, top, bottom },
    config: theme,
    layer,
  };
  const { spec: compiled } = compile(spec as unknown as TopLevelSpec);
  const view = new vega.View(vega.parse(compiled), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

function labelSvg(svg: string, id: string, width: ChartWidth, chart: Chart): Html {
  const size = /viewBox="[^"]*"/.exec(svg)?.[0] ?? '';
  const content = svg.slice(svg.indexOf('>') + 1);
  return html`<svg class="chart ${width}" ${trusted(size)} role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc"><title id="${id}-title">${chart.title}</title><desc id="${id}-desc">${chart.description}</desc>${trusted(content)}`;
}

// Colours are the page's, so that a chart follows its light or dark theme.
const theme = {
  background: 'transparent',
  font: 'sans-serif',
  aria: false,
  view: { stroke: null },
  axis: {
    aria: false,
    domain: false,
    ticks: false,
    gridColor: 'var(--grid)',
    labelColor: 'var(--muted)',
    labelFontSize: 12,
    labelPadding: 8,
    labelLimit: 0,
    labelFlush: false,
    titleColor: 'var(--muted)',
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 12,
  },
  text: { fontSize: 12, fill: 'var(--ink)' },
};
