export { adamW, lion, sgd, sgdMomentum } from './steps/kernels/steps.as';
