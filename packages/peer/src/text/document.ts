/** One text, as bytes: whatever they are, they are what a model learns. */
export interface TextDocument {
  /** What messages call it: a path, or a title. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** How many bytes texts have together. */
export const bytesOf = (documents: readonly TextDocument[]): number =>
  documents.reduce((sum, { bytes }) => sum + bytes.length, 0);
