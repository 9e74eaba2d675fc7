import type { Case, Size } from '../types.ts';
import { adamWCases } from './adamw.ts';
import { encoderBlockCases } from './encoder-block.ts';
import { matMulCases } from './mat-mul.ts';
import { peerCases } from './peer.ts';
import { recurrentBlockCases } from './recurrent-block.ts';
import { rowCases } from './rows.ts';
import { rowwiseCases } from './rowwise.ts';
import { scanCases } from './scan.ts';
import { trecvitCases } from './trecvit.ts';

/** Every case, in the order in which they run; the same ids at both sizes. */
export const casesOf = (size: Size): Case[] => [
  ...matMulCases(size),
  ...rowwiseCases(size),
  ...rowCases(size),
  ...adamWCases(size),
  ...scanCases(size),
  ...recurrentBlockCases(size),
  ...encoderBlockCases(size),
  ...trecvitCases(size),
  ...peerCases(size),
];
