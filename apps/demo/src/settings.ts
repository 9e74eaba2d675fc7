import { element } from './element.ts';
import type { BackendWish, ModelChoice } from './protocol.ts';

export interface Settings {
  readonly backend: BackendWish;
  readonly model: ModelChoice;
}

/** Calls `load` with what the form holds when it is submitted, or `refuse` with a sentence where something is missing. */
export function onSettings(
  load: (settings: Settings) => void,
  refuse: (sentence: string) => void,
): void {
  const form = element('settings', HTMLFormElement);
  const showMore = () => {
    const { value } = modelField(form);
    for (const more of form.querySelectorAll<HTMLElement>('.more')) {
      more.hidden = more.dataset['for'] !== value;
    }
  };
  form.addEventListener('change', showMore);
  showMore();
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const model = modelOf(modelField(form).value);
    if (typeof model === 'string') refuse(model);
    else load({ backend: element('backend', HTMLSelectElement).value as BackendWish, model });
  });
}

const modelField = (form: HTMLFormElement): RadioNodeList =>
  form.elements.namedItem('model') as RadioNodeList;

/** @returns a sentence where something is missing. */
function modelOf(kind: string): ModelChoice | string {
  if (kind === 'address') {
    const address = element('address', HTMLInputElement).value.trim();
    return address === '' ? 'Give the address of the checkpoint first.' : { kind, address };
  }
  if (kind === 'files') {
    const inputs = ['folder', 'files'].map((id) => element(id, HTMLInputElement));
    const files = inputs.flatMap((input) => [...(input.files ?? [])]);
    return files.length === 0
      ? 'Choose the folder of the checkpoint, or its files, first.'
      : { kind, files };
  }
  return { kind: 'shipped' };
}
