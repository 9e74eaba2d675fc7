import { described } from '@neverend/backend';
import { checkTokens } from '../language-model/check-tokens.ts';
import type { LanguageModelConfig } from '../language-model/config.ts';
import type { TokenStream } from '../text/token-stream.ts';

/** A text is of the tokens of a model. @throws RangeError | TypeError naming it where it is not. */
export function checkStream(
  name: string,
  stream: TokenStream,
  { vocabulary }: LanguageModelConfig,
): void {
  const { tokens, byteLengths } = stream ?? {};
  if (!(tokens instanceof Uint16Array && byteLengths instanceof Uint16Array)) {
    throw new TypeError(`${name} was ${described(stream)}; it must be what tokenStream makes`);
  }
  if (byteLengths.length !== vocabulary) {
    throw new RangeError(
      `${name} was of ${byteLengths.length} different tokens; the model has ${vocabulary}`,
    );
  }
  checkTokens(name, tokens, vocabulary);
}

/** What a text to test on is refused with that has no token to foretell. */
export const noneForetold = (name: string, { tokens }: TokenStream): RangeError =>
  new RangeError(
    `${name} had ${tokens.length} tokens and none to foretell; it must have one that follows another and is no boundary`,
  );
