import { CheckpointError } from './checkpoint-error.ts';

/** The first bytes of a pickle of protocol 2 or later. */
const protocol = 0x80;

/** What is wrong with a file that is a pickle, or has one in it. */
export function pickled(): CheckpointError {
  return new CheckpointError(
    'the file is pickled, as PyTorch saves its checkpoints (.pth, .pt, .bin), which can run any code: save its tensors as safetensors',
  );
}

/** @param first the first two bytes of a file, or fewer. @throws CheckpointError where they begin a pickle. */
export function checkNoPickle([first, version = 0]: Uint8Array): void {
  if (first === protocol && version >= 2 && version <= 5) throw pickled();
}

/** Whether a member of a ZIP file is that by which PyTorch saves. */
export const isPickled = (member: string): boolean => /(^|\/)data\.pkl$/.test(member);
