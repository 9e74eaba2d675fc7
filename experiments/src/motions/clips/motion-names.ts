/** What the classes are, in the order of the logits: motions as they are seen in the picture, where a camera is not a mirror. */
export const motionNames = [
  'left',
  'right',
  'up',
  'down',
  'nearer',
  'further',
  'turning',
  'still',
] as const;

export type Motion = (typeof motionNames)[number];
