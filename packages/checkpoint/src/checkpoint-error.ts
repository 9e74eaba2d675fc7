/** A checkpoint that cannot be read or written, and why. */
export class CheckpointError extends Error {
  override readonly name: string = 'CheckpointError';
  readonly code: string = 'NEVEREND_CHECKPOINT';

  /** True for an error of this kind, whichever copy of this package made it. */
  static isInstance(error: unknown): error is CheckpointError {
    return error instanceof Error && 'code' in error && error.code === 'NEVEREND_CHECKPOINT';
  }
}
