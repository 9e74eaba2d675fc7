import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeSafetensors } from '@neverend/checkpoint';
import { writeFileAtomic } from '@neverend/checkpoint/node';
import { createHash } from 'node:crypto';
import type {
  ComputeLedger,
  Dataset,
  DatasetKey,
  Json,
  Learner,
  LearnerContext,
  PredictionEvent,
  Progress,
  ResourceUsage,
  Snapshot,
  Stream,
  TrainingEvent,
  TrainingSummary,
} from '../types.ts';
