import { type Html, html, trusted } from './html.ts';

/** Colours that a style sheet has for learners, `--learner-0` and up. */
const learnerColors = 6;

// Outlines in [-1, 1], as wide as they are heavy: the charts and the page draw the same ones.
const shapes = [
  'M0,-0.9A0.9,0.9 0 1 1 0,0.9A0.9,0.9 0 1 1 0,-0.9Z',
  'M-0.8,-0.8H0.8V0.8H-0.8Z',
  'M0,-1L1,0.8H-1Z',
  'M0,-1.1L1.1,0L0,1.1L-1.1,0Z',
  'M0,1L1,-0.8H-1Z',
] as const;

/** Colour and shape of a learner. Six colours and five shapes tell thirty learners apart. */
export interface LearnerMark {
  /** A CSS colour that follows the light or dark theme. */
  readonly color: string;
  /** An SVG path in [-1, 1]. */
  readonly shape: string;
}

/** @param index Place of the learner in the report. */
export function learnerMark(index: number): LearnerMark {
  return {
    color: `var(--learner-${index % learnerColors})`,
    shape: shapes[index % shapes.length] ?? shapes[0],
  };
}

/** The mark beside a learner's name: decoration, the name says who it is. */
export function markIcon(index: number): Html {
  const { color, shape } = learnerMark(index);
  return html`<svg class="mark" viewBox="-1.3 -1.3 2.6 2.6" aria-hidden="true"><path d="${trusted(shape)}" style="fill:${trusted(color)}"/></svg>`;
}
