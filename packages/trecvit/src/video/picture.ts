/** One picture of a video at its time. */
export interface Picture {
  /** Since the video began. */
  readonly seconds: number;
  /** For how many seconds it is shown, where the video says so. */
  readonly duration?: number;
  readonly rows: number;
  readonly columns: number;
  /** RGB, `[rows, columns, 3]`, row by row. */
  readonly pixels: Uint8Array;
}
