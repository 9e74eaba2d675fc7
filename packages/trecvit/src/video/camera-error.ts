import { NeverendError } from '@neverend/backend';

/** What can be wrong with a camera, for a page to act on. */
export type CameraErrorCode =
  | 'NEVEREND_CAMERA_REFUSED'
  | 'NEVEREND_CAMERA_MISSING'
  | 'NEVEREND_CAMERA_BUSY'
  | 'NEVEREND_CAMERA_UNPLUGGED'
  | 'NEVEREND_CAMERA_INSECURE'
  | 'NEVEREND_CAMERA_UNSUPPORTED';

const sentences: Readonly<Record<CameraErrorCode, string>> = {
  NEVEREND_CAMERA_REFUSED:
    'the camera was refused: allow this page to use it, in the settings of the browser or of the system',
  NEVEREND_CAMERA_MISSING: 'there is no camera here, or none that is as was asked for',
  NEVEREND_CAMERA_BUSY: 'the camera is in use by another program, or does not answer',
  NEVEREND_CAMERA_UNPLUGGED: 'the camera was unplugged or taken away',
  NEVEREND_CAMERA_INSECURE:
    'browsers give a camera to pages by https or from this machine alone, and this page came by plain http',
  NEVEREND_CAMERA_UNSUPPORTED: 'this browser has no way to a camera',
};

/** A camera gives no pictures. The message is one sentence for the person before it; `code` says which. */
export class CameraError extends NeverendError {
  override readonly name = 'CameraError';
  declare readonly code: CameraErrorCode;

  constructor(code: CameraErrorCode, options?: ErrorOptions) {
    super(code, sentences[code], options);
  }

  static isInstance(error: unknown): error is CameraError {
    return error instanceof Error && 'code' in error && isCameraErrorCode(error.code);
  }
}

export function isCameraErrorCode(code: unknown): code is CameraErrorCode {
  return typeof code === 'string' && Object.hasOwn(sentences, code);
}

/** What `getUserMedia` calls its failures. The older names are those of Safari and of Chrome before 2018. */
const codes: Readonly<Record<string, CameraErrorCode>> = {
  NotAllowedError: 'NEVEREND_CAMERA_REFUSED',
  PermissionDeniedError: 'NEVEREND_CAMERA_REFUSED',
  SecurityError: 'NEVEREND_CAMERA_REFUSED',
  NotFoundError: 'NEVEREND_CAMERA_MISSING',
  DevicesNotFoundError: 'NEVEREND_CAMERA_MISSING',
  OverconstrainedError: 'NEVEREND_CAMERA_MISSING',
  NotReadableError: 'NEVEREND_CAMERA_BUSY',
  TrackStartError: 'NEVEREND_CAMERA_BUSY',
  AbortError: 'NEVEREND_CAMERA_BUSY',
};

/** The error of a `getUserMedia` as one of ours, if it is one about the camera. */
export function cameraErrorOf(cause: unknown): unknown {
  const code =
    cause instanceof Error || cause instanceof DOMException ? codes[cause.name] : undefined;
  return code === undefined ? cause : new CameraError(code, { cause });
}
