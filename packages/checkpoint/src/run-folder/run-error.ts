/** A run that cannot start or go on; the message says why and what to do. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly code = 'NEVEREND_RUN';

  /** True for an error of this kind, whichever copy of this package made it. */
  static isInstance(error: unknown): error is RunError {
    return error instanceof Error && 'code' in error && error.code === 'NEVEREND_RUN';
  }
}
