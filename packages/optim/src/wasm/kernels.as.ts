export { adamW, lion, sgd, sgdMomentum } from './steps.as';
