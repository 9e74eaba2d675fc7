import { CheckpointError } from './checkpoint-error.ts';

/** A member of a file that is whole, and holds nothing that is read here. */
export class UnreadableContent extends CheckpointError {}
