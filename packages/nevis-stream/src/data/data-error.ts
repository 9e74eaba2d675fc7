import { hasCode, NeverendError } from '@neverend/backend';

/** Data that cannot be read or used, and why. */
export class DataError extends NeverendError {
  override readonly name = 'DataError';

  constructor(message: string, options?: ErrorOptions) {
    super('NEVEREND_DATA', message, options);
  }

  /** True for an error of this kind, whichever copy of this package made it. */
  static isInstance(error: unknown): error is DataError {
    return hasCode(error, 'NEVEREND_DATA');
  }
}
