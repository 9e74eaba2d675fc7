export { saveModel } from './save-model.ts';
