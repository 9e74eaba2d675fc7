/** Written by `npm run experiment -- motions-model`: from this probability on 95 % of the likeliest motions were right on held-out clips. */
export const sureFrom: number = 0.6;
