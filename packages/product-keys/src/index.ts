export { productKeyTopK, type TopK } from './product-key-top-k/index.ts';
