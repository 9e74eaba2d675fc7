import { hasCode, NeverendError } from '@neverend/backend';

/** A video cannot be read: it is none, is damaged, or what reads it is absent. The message says which one and why. */
export class VideoError extends NeverendError {
  override readonly name = 'VideoError';

  constructor(message: string, options?: ErrorOptions) {
    super('NEVEREND_VIDEO', message, options);
  }

  static isInstance(error: unknown): error is VideoError {
    return hasCode(error, 'NEVEREND_VIDEO');
  }
}
