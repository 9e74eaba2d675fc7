import { element } from './element.ts';
import { type PageState, viewOf } from './page-state.ts';

/** The parts of the page that depend on its state. */
export class PageParts {
  readonly camera: HTMLVideoElement = element('camera', HTMLVideoElement);
  readonly film: HTMLCanvasElement = element('film', HTMLCanvasElement);
  readonly screen: HTMLDivElement = element('screen', HTMLDivElement);
  readonly useCamera: HTMLButtonElement = element('use-camera', HTMLButtonElement);
  readonly openFile: HTMLButtonElement = element('open-file', HTMLButtonElement);
  readonly file: HTMLInputElement = element('file', HTMLInputElement);
  readonly stop: HTMLButtonElement = element('stop', HTMLButtonElement);
  readonly #empty = element('empty', HTMLDivElement);
  readonly #status = element('status', HTMLParagraphElement);
  readonly #notice = element('notice', HTMLParagraphElement);

  show(state: PageState): void {
    const view = viewOf(state);
    const focused = document.activeElement;
    this.camera.hidden = view.picture !== 'camera';
    this.film.hidden = view.picture !== 'file';
    this.#empty.hidden = view.picture !== 'none';
    this.screen.classList.toggle('showing', view.picture !== 'none');
    this.useCamera.hidden = view.canStop;
    this.openFile.textContent = view.fileLabel;
    this.useCamera.disabled = !view.canOpen;
    this.openFile.disabled = !view.canOpen;
    this.stop.hidden = !view.canStop;
    // Who started by keyboard stays where the buttons are.
    if (focused === this.useCamera && view.canStop) this.stop.focus();
    if (focused === this.stop && !view.canStop) this.useCamera.focus();
    setText(this.#status, view.status);
    setText(this.#notice, state.notice?.text ?? '');
    this.#notice.classList.toggle('bad', state.notice?.kind === 'fault');
    document.title = view.title;
  }
}

/** Screen readers read again what is set again. */
function setText(place: HTMLElement, text: string): void {
  if (place.textContent !== text) place.textContent = text;
}
