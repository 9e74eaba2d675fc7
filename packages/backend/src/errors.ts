/**
 * What the packages throw for input that they cannot take. `code` tells the kinds apart, also over copies
 * of this package in one process, where `instanceof` does not.
 */
export class NeverendError extends Error {
  // Not the class's own name, which minifiers change.
  override readonly name: string = 'NeverendError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for an error with this code, whichever copy of a package made it. */
export function hasCode(error: unknown, code: string): error is NeverendError {
  return error instanceof Error && 'code' in error && error.code === code;
}

/** A tensor's shape is not what the named argument must have. */
export class ShapeError extends NeverendError {
  override readonly name = 'ShapeError';

  constructor(message: string) {
    super('NEVEREND_SHAPE', message);
  }

  static isInstance(error: unknown): error is ShapeError {
    return hasCode(error, 'NEVEREND_SHAPE');
  }
}

/** A tensor's dtype is not what the named argument must have. */
export class DTypeError extends NeverendError {
  override readonly name = 'DTypeError';

  constructor(message: string) {
    super('NEVEREND_DTYPE', message);
  }

  static isInstance(error: unknown): error is DTypeError {
    return hasCode(error, 'NEVEREND_DTYPE');
  }
}

/** A backend cannot do what was asked for: it cannot run here, or has no memory left. The message says why and what mends it. */
export class BackendError extends NeverendError {
  override readonly name = 'BackendError';

  constructor(message: string, options?: ErrorOptions) {
    super('NEVEREND_BACKEND', message, options);
  }

  static isInstance(error: unknown): error is BackendError {
    return hasCode(error, 'NEVEREND_BACKEND');
  }
}
