export { attention, attentionGrad, attentionScratchBytes } from './attention.as';
