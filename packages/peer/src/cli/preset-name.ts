/** Sizes and settings that have a name. */
export type PresetName = 'smoke' | 'small';
