export { attention, attentionGrad, attentionScratchBytes } from './scaled-dot-product-attention/kernels/attention.as';
