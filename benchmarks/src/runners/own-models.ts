import { TRecViT, topK } from '@neverend/trecvit';
import * as tf from '@tensorflow/tfjs-core';
import { configOf } from '../cases/trecvit.ts';
import { ownPeer } from './own-peer.ts';
import { input, type Operations } from './tfjs-operations.ts';

/** The models of this repository's packages. */
export const ownModels: NonNullable<Operations['models']> = {
  ...ownPeer,
  trecvitClip: (inputs, attrs) => {
    const { video: _, ...params } = inputs;
    const model = new TRecViT(configOf(attrs), params);
    const clip = input(inputs, 'video');
    let logits: tf.Tensor | undefined;
    return {
      run: () => {
        logits?.dispose();
        logits = tf.tidy(() => model.forward(clip).logits);
      },
      read: () => (logits === undefined ? [] : [tf.clone(logits)]),
      dispose: () => {
        model.dispose();
        tf.dispose([clip, ...(logits === undefined ? [] : [logits])]);
      },
    };
  },
  trecvitStream: (inputs, attrs) => {
    const { video: _, ...params } = inputs;
    const model = new TRecViT(configOf(attrs), params);
    const frames = tf
      .tidy(() => tf.unstack(input(inputs, 'video'), 1))
      .map((frame) => {
        const one = tf.expandDims(frame, 1);
        frame.dispose();
        return one;
      });
    input(inputs, 'video').dispose();
    const stream = model.stream({ halfLife: Number.POSITIVE_INFINITY });
    let turn = 0;
    let logits: tf.Tensor | undefined;
    let probabilities: number[] = [];
    return {
      run: async () => {
        logits?.dispose();
        const step = stream.push(frames[turn++ % frames.length] as tf.Tensor);
        step.features.dispose();
        logits = step.logits;
        const [guesses = []] = await topK(logits, attrs['guesses'] as number);
        probabilities = guesses.map(({ probability }) => probability);
      },
      read: () => (logits === undefined ? [] : [tf.clone(logits), tf.tensor2d([probabilities])]),
      dispose: () => {
        stream.dispose();
        model.dispose();
        tf.dispose([...frames, ...(logits === undefined ? [] : [logits])]);
      },
      runsToRead: frames.length,
    };
  },
};
