import type { ClassificationMetrics } from '../metrics/index.ts';
import type { ComputeLedger, Split, TrainingSummary } from '../types.ts';

/** A ledger in files: decimal strings, because JSON numbers are exact only up to 2^53. */
export interface LedgerJson {
  readonly train: string;
  readonly validation: string;
  readonly prediction: string;
}

interface RecordBase {
  readonly position: number;
  readonly year: number;
  readonly task: string;
  /** What this event cost. */
  readonly flops: LedgerJson;
  /** What the stream has cost up to the end of this event. */
  readonly cumulativeFlops: LedgerJson;
}

/** What a train event left behind. */
export interface TrainingRecord extends RecordBase {
  readonly type: 'train';
  readonly trainSize: number;
  readonly devSize: number;
  readonly parameters: number;
  readonly summary: TrainingSummary;
}

/** What a prediction event left behind. */
export interface PredictionRecord extends RecordBase {
  readonly type: 'predict';
  readonly split: Split;
  readonly dataset: string;
  /** Name of the safetensors file with `labels` [B] and `logits` [B, K], and its SHA-256. */
  readonly file: string;
  readonly sha256: string;
  readonly metrics: ClassificationMetrics;
}

export type EventRecord = TrainingRecord | PredictionRecord;

export const emptyLedger: ComputeLedger = { train: 0n, validation: 0n, prediction: 0n };

export function addLedgers(a: ComputeLedger, b: ComputeLedger): ComputeLedger {
  return {
    train: a.train + b.train,
    validation: a.validation + b.validation,
    prediction: a.prediction + b.prediction,
  };
}

export function ledgerToJson(ledger: ComputeLedger): LedgerJson {
  return {
    train: String(ledger.train),
    validation: String(ledger.validation),
    prediction: String(ledger.prediction),
  };
}

export function ledgerFromJson(json: LedgerJson): ComputeLedger {
  return {
    train: BigInt(json.train),
    validation: BigInt(json.validation),
    prediction: BigInt(json.prediction),
  };
}
