import { createHash } from 'node:crypto';

/** SHA-256 of bytes, or of a text as UTF-8, in hexadecimal digits. */
export const digestOf = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');
