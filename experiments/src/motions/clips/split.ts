/** Which of the materials: photographs and digits for training, or others for tests. */
export type Split = 'training' | 'held-out';
