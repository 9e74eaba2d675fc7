import { io } from '@tensorflow/tfjs-core';
import { modelFolder } from './model-folder.ts';

const scheme = 'file://';
let asksOthers = false;

/** The folder of a `file://` address, where nobody else takes it: tfjs-node brings a router of its own. */
const router = ((url: string | string[]) => {
  if (asksOthers || typeof url !== 'string' || !url.startsWith(scheme)) return null;
  asksOthers = true;
  try {
    const others = [...io.getSaveHandlers(url), ...io.getLoadHandlers(url)];
    return others.length > 0 ? null : modelFolder(url.slice(scheme.length));
  } finally {
    asksOthers = false;
  }
}) as Parameters<typeof io.registerSaveRouter>[0];

let registered = false;

/**
 * Makes `file://` addresses known to `model.save` and `loadLayersModel`. Importing this module does it; to call it again changes nothing.
 */
export function register(): void {
  if (registered) return;
  registered = true;
  io.registerSaveRouter(router);
  io.registerLoadRouter(router);
}

register();
