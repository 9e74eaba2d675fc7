/** A labelled video. */
export interface VideoEntry {
  /** A file, or a folder of images. */
  readonly path: string;
  /** The name of its class. */
  readonly label: string;
}

/** The order in which people read names: `clip 2` before `clip 10`. */
export const naturalOrder: (a: string, b: string) => number = new Intl.Collator('en', {
  numeric: true,
}).compare;
