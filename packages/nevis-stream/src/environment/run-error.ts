import { hasCode, NeverendError } from '@neverend/backend';

/** A run that cannot start or go on; the message says why and what to do. */
export class RunError extends NeverendError {
  override readonly name = 'RunError';

  constructor(message: string, options?: ErrorOptions) {
    super('NEVEREND_RUN', message, options);
  }

  static isInstance(error: unknown): error is RunError {
    return hasCode(error, 'NEVEREND_RUN');
  }
}
