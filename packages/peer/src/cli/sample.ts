import { type CommandContext, startBackend } from '@neverend/command-line';
import type { SampleFlags } from './flags.ts';
import { openModel } from './open-model.ts';

/** Writes on after a prompt, until the tokens are drawn or the text ends. */
export async function sample(
  path: string,
  { prompt, tokens, json, ...flags }: SampleFlags,
  context: CommandContext,
): Promise<void> {
  await startBackend(flags, context);
  const { model, tokenizer } = await openModel(path);
  const { temperature, topK, topP, seed } = flags;
  const begin = [tokenizer.boundary, ...tokenizer.encode(new TextEncoder().encode(prompt))];
  const decoder = new TextDecoder();
  let text = '';
  const write = async (part: string) => {
    text += part;
    if (!json) await context.print(part);
  };
  let drawn = 0;
  let ended = false;
  try {
    await write(prompt);
    for await (const token of model.sample(begin, { temperature, topK, topP, seed })) {
      context.signal.throwIfAborted();
      drawn++;
      ended = token === tokenizer.boundary;
      if (ended) break;
      await write(decoder.decode(tokenizer.bytesOf(token), { stream: true }));
      if (drawn === tokens) break;
    }
    await write(decoder.decode());
    await context.print(json ? `${JSON.stringify({ text, tokens: drawn, ended })}\n` : '\n');
  } finally {
    model.dispose();
  }
}
