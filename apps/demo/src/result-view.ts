import { Announcer, answerOf, knowledgeOf, nameOf, percent } from './answer.ts';
import { element } from './element.ts';
import { History } from './history.ts';
import type { About, Step } from './protocol.ts';
import { type Speed, Speedometer, slowness } from './speed.ts';

/** Classes with a bar, and with a line in the plot. */
const BARS = 5;
const SECONDS = 10;
/** Seconds after which a speed is trusted. */
const TRIAL = 3;

const svg = 'http://www.w3.org/2000/svg';
const calm = matchMedia('(prefers-reduced-motion: reduce)');

/** The half of the page that shows what the model says. */
export class ResultView {
  readonly #current = element('current', HTMLParagraphElement);
  readonly #name = element('current-name', HTMLElement);
  readonly #detail = element('current-detail', HTMLSpanElement);
  readonly #spoken = element('spoken', HTMLParagraphElement);
  readonly #guesses = element('guesses', HTMLOListElement);
  readonly #plot = element('plot', SVGSVGElement);
  readonly #figures = element('figures', HTMLDListElement);
  readonly #history = new History(SECONDS);
  readonly #speedometer = new Speedometer(3);
  readonly #announcer = new Announcer(1);
  #about: About | undefined;
  #drawn = Number.NEGATIVE_INFINITY;
  #slow = false;

  constructor() {
    this.#guesses.append(...Array.from({ length: BARS }, barOf));
    this.clear();
  }

  set about(about: About | undefined) {
    this.#about = about;
    this.#guesses.style.setProperty('--threshold', String(about?.threshold ?? 0));
    this.clear();
  }

  /** @param at seconds of the page's clock. @returns a sentence where the machine is slower than the model's frames come. */
  show(step: Step, at: number): string | undefined {
    const threshold = this.#about?.threshold ?? 0;
    const answer = answerOf(step.guesses, threshold);
    this.#current.classList.toggle('unsure', !answer.sure);
    this.#name.textContent = answer.name;
    this.#detail.textContent = answer.detail;
    const spoken = this.#announcer.hear(answer.name, at);
    this.#history.add({ at, guesses: step.guesses });
    if (spoken !== undefined) {
      this.#spoken.textContent = spoken;
      const names = step.guesses.slice(0, 3).map(nameOf).join(', ');
      this.#plot.setAttribute('aria-label', `The last ${SECONDS} seconds. The likeliest: ${names}`);
    }
    this.#showBars(step);
    // A plot that runs is what people who ask for less motion do not want.
    if (at - this.#drawn >= (calm.matches ? 1 : 0)) {
      this.#drawn = at;
      this.#showPlot(at, threshold);
    }

    this.#speedometer.add({ ...step, at });
    const speed = this.#speedometer.speed();
    this.#showFigures(step, speed);
    if (speed === undefined || this.#speedometer.span < TRIAL - 1) return undefined;
    const sentence = slowness(speed, this.#about?.framesPerSecond ?? 0, this.#slow);
    this.#slow = sentence !== undefined;
    return sentence;
  }

  clear(): void {
    this.#history.clear();
    this.#speedometer.clear();
    this.#announcer.reset();
    this.#drawn = Number.NEGATIVE_INFINITY;
    this.#current.classList.add('unsure');
    this.#slow = false;
    this.#name.textContent = 'Nothing yet';
    this.#detail.textContent = this.#about === undefined ? '' : knowledgeOf(this.#about);
    this.#spoken.textContent = '';
    for (const bar of this.#guesses.children) bar.classList.add('vacant');
    this.#plot.replaceChildren();
    this.#showFigures();
  }

  #showBars({ guesses }: Step): void {
    for (const [at, bar] of [...this.#guesses.children].entries()) {
      const guess = guesses[at];
      bar.classList.toggle('vacant', guess === undefined);
      if (guess === undefined || !(bar instanceof HTMLElement)) continue;
      const [name, , share] = bar.children;
      if (name) name.textContent = nameOf(guess);
      if (share) share.textContent = percent(guess.probability);
      bar.style.setProperty('--series', `var(--series-${this.#history.colourOf(guess.index)})`);
      bar.style.setProperty('--share', guess.probability.toFixed(3));
    }
  }

  #showPlot(now: number, threshold: number): void {
    const lines = this.#history.lines(now, BARS).map(({ colour, points }) => {
      const line = document.createElementNS(svg, 'polyline');
      line.setAttribute('points', points);
      line.style.stroke = `var(--series-${colour})`;
      return line;
    });
    const bound = document.createElementNS(svg, 'line');
    const y = String(100 * (1 - threshold));
    for (const [name, value] of Object.entries({ x1: '0', x2: '100', y1: y, y2: y })) {
      bound.setAttribute(name, value);
    }
    this.#plot.replaceChildren(...(threshold > 0 ? [bound] : []), ...lines.reverse());
  }

  #showFigures(step?: Step, speed?: Speed): void {
    const figures: Record<string, string> = {
      'Time for a frame':
        step === undefined ? '–' : `${one(speed?.milliseconds ?? step.milliseconds)} ms`,
      'Frames seen': speed === undefined ? '–' : `${one(speed.seen)} a second`,
      'Frames dropped': speed === undefined ? '–' : `${one(speed.dropped)} a second`,
      'State of the stream': step === undefined ? '–' : bytes(step.stateBytes),
      'Packed weights': step === undefined ? '–' : bytes(step.packedBytes),
      Backend:
        this.#about === undefined
          ? '–'
          : `${this.#about.backend.name}, on ${this.#about.backend.device}`,
    };
    const old = [...this.#figures.querySelectorAll('dd')];
    if (old.length === 0) {
      this.#figures.append(...Object.entries(figures).map(([name, text]) => figureOf(name, text)));
    }
    for (const [at, text] of Object.values(figures).entries()) {
      const place = old[at];
      if (place !== undefined && place.textContent !== text) place.textContent = text;
    }
    if (step !== undefined) {
      // For tests, and for whoever looks for a leak.
      this.#figures.dataset['tensors'] = String(step.tensors);
      this.#figures.dataset['stateBytes'] = String(step.stateBytes);
      this.#figures.dataset['seen'] = String(step.seen);
      this.#figures.dataset['dropped'] = String(step.dropped);
    }
  }
}

const one = (value: number): string => value.toFixed(value < 99.95 ? 1 : 0);

const bytes = (count: number): string =>
  count < 1e6 ? `${(count / 1e3).toFixed(0)} kB` : `${(count / 1e6).toFixed(1)} MB`;

function barOf(): HTMLLIElement {
  const item = document.createElement('li');
  const [name, bar, share] = ['name', 'bar', 'percent'].map((className) => {
    const part = document.createElement('span');
    part.className = className;
    return part;
  });
  bar?.append(document.createElement('i'));
  bar?.setAttribute('aria-hidden', 'true');
  item.append(...[name, bar, share].filter((part) => part !== undefined));
  return item;
}

function figureOf(name: string, text: string): HTMLDivElement {
  const figure = document.createElement('div');
  const [term, value] = [document.createElement('dt'), document.createElement('dd')];
  term.textContent = name;
  value.textContent = text;
  figure.append(term, value);
  return figure;
}
