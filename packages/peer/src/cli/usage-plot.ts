import { hasCode, RunError } from '@neverend/checkpoint/node';
import type { TopLevelSpec } from 'vega-lite';
import { type Cell, pickedCells, type RankedPicks, rankedPicks } from './usage-figures.ts';

/** What is drawn of a block. */
export interface DrawnUsage {
  readonly block: number;
  readonly kind: string;
  readonly sizes: readonly number[];
  /** How often each item was picked, table by table. */
  readonly picks: Float64Array;
}

/**
 * Draws the usage of blocks as an SVG: for each its picks by rank, and for two sets of keys a map of them.
 *
 * @throws RunError where Vega is not installed.
 */
export async function usageDrawing(): Promise<(blocks: readonly DrawnUsage[]) => Promise<string>> {
  const { compile, parse, View } = await loadVega();
  return async (blocks) => {
    const { spec } = compile(plotOf(blocks));
    const view = new View(parse(spec), { renderer: 'none' });
    try {
      return await view.toSVG();
    } finally {
      view.finalize();
    }
  };
}

async function loadVega() {
  try {
    // Each awaited in the `try` itself: esbuild then leaves an optional peer that is absent to the run.
    const { compile } = await import('vega-lite');
    const { parse, View } = await import('vega');
    return { compile, parse, View };
  } catch (cause) {
    if (!hasCode(cause, 'ERR_MODULE_NOT_FOUND')) throw cause;
    throw new RunError(
      'plots are drawn by Vega, which is not installed: npm install vega vega-lite',
      { cause },
    );
  }
}

const [width, height] = [340, 300];

function plotOf(blocks: readonly DrawnUsage[]): TopLevelSpec {
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    ...{ background: 'white', padding: 12 },
    config: { aria: false, font: 'DejaVu Sans, Arial, sans-serif', concat: { spacing: 40 } },
    vconcat: blocks.map(({ block, kind, sizes, picks }) => {
      const title = { text: `block ${block}, ${kind}`, subtitle: 'dashed: if all had the same' };
      const ranks = rankPlot(rankedPicks(picks), title);
      const [n = 1, m = 1] = sizes;
      return {
        hconcat: sizes.length === 2 ? [ranks, map(pickedCells(picks, n, m), n, m)] : [ranks],
      };
    }),
    // Each map has colours of its own.
    resolve: { scale: { color: 'independent' } },
  };
}

function rankPlot({ points, even }: RankedPicks, title: { text: string; subtitle: string }) {
  const axis = (field: string, name: string) => ({
    ...{ field, type: 'quantitative' as const, title: name },
    scale: { type: 'log' as const },
  });
  return {
    ...{ title, width, height },
    layer: [
      {
        data: { values: [...points] },
        mark: { type: 'line' as const, color: '#0b6e99' },
        encoding: { x: axis('rank', 'rank of the item'), y: axis('picks', 'picks') },
      },
      {
        data: { values: [{ picks: even }] },
        mark: { type: 'rule' as const, strokeDash: [4, 4], color: '#777777' },
        encoding: { y: axis('picks', 'picks') },
      },
    ],
  };
}

function map(cells: readonly Cell[], n: number, m: number) {
  const axis = (field: string, title: string, most: number) => ({
    ...{ field, type: 'quantitative' as const, bin: 'binned' as const, title },
    scale: { domain: [0, most], nice: false },
  });
  return {
    ...{ title: 'picks of an item by its keys', width: height, height },
    data: { values: [...cells] },
    mark: { type: 'rect' as const },
    encoding: {
      x: axis('second', 'key of the second set', m),
      x2: { field: 'secondEnd' },
      y: axis('first', 'key of the first set', n),
      y2: { field: 'firstEnd' },
      color: {
        ...{ field: 'picks', type: 'quantitative' as const, title: 'picks, mean' },
        scale: { type: 'sqrt' as const, scheme: 'viridis' as const },
      },
    },
  };
}
