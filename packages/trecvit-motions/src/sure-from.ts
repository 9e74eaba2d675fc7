/** Below this probability the model had better say that it is not sure. A first choice; `npm run experiment -- motions-model` writes a measured one. */
export const sureFrom: number = 0.6;
