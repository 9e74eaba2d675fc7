/** The page's style. Learner colours are told apart with every kind of colour vision, in both themes. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf8; --surface: #ffffff; --sunken: #f4f1ec;
  --ink: #1b1a18; --muted: #625d55; --line: #ddd7cd; --grid: #ece7df; --link: #00568a;
  --right: #00694c; --wrong: #a83200;
  --learner-0: #0072b2; --learner-1: #c8500a; --learner-2: #00805d;
  --learner-3: #a8487f; --learner-4: #8f6b00; --learner-5: #56606e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #131517; --surface: #1b1e21; --sunken: #23272b;
    --ink: #ecebe8; --muted: #a8a6a0; --line: #363b40; --grid: #2a2e33; --link: #86c5f2;
    --right: #58cfa6; --wrong: #ff9d73;
    --learner-0: #5cb6f0; --learner-1: #f5914e; --learner-2: #3fc79b;
    --learner-3: #e59bc6; --learner-4: #e2c044; --learner-5: #a9b4c2;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-behavior: smooth; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 -apple-system, "Segoe UI", Inter, Roboto, "Noto Sans", Ubuntu, Cantarell,
    "DejaVu Sans Condensed", system-ui, sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
header, main, footer { max-width: 69rem; margin-inline: auto; padding-inline: clamp(1rem, 4vw, 2.5rem); }
header { padding-top: clamp(2.5rem, 7vw, 5rem); }
main { padding-bottom: 3rem; }
footer { padding-bottom: 3rem; color: var(--muted); font-size: .875rem; }
h1, h2, h3, h4 { line-height: 1.2; text-wrap: balance; margin: 0; }
h1 { font-size: clamp(2rem, 5.5vw, 3.25rem); font-weight: 700; letter-spacing: -.025em; line-height: 1.08; }
h2 { font-size: clamp(1.4rem, 3vw, 1.75rem); letter-spacing: -.015em; }
h3 { font-size: 1.125rem; }
h4 { font-size: .9375rem; margin-top: 1.75rem; }
p { margin: 0; }
a { color: var(--link); text-underline-offset: .2em; text-decoration-thickness: 1px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; border-radius: 2px; }
code { font: .9em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
ul, ol { list-style: none; margin: 0; padding: 0; }
dl, dd { margin: 0; }
section { margin-top: clamp(3.25rem, 7vw, 5rem); }
section.first { margin-top: 2.5rem; }
.hidden, .skip:not(:focus) {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
.skip { position: absolute; left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--surface); z-index: 1; }
.eyebrow { color: var(--muted); font-size: .875rem; letter-spacing: .02em; margin-bottom: .875rem; }
.lead { font-size: clamp(1.0625rem, 2.1vw, 1.3125rem); line-height: 1.5; max-width: 46rem; margin-top: 1.25rem; text-wrap: pretty; }
.lead strong { font-weight: 650; }
.scope { max-width: 46rem; margin-top: 1rem; padding-left: .875rem; border-left: 3px solid var(--wrong); text-wrap: pretty; }
.repeat { margin-top: 1.25rem; font-size: .9375rem; }
.repeat span { color: var(--muted); }
.flag { color: var(--wrong); }
.tag.none { color: var(--muted); }
figure + figure { margin-top: 2.5rem; }
.columns + .note { margin-top: 1.25rem; max-width: 46rem; }
.note + h3 { margin-top: 2.5rem; }
.run { display: flex; flex-wrap: wrap; gap: .75rem 2.5rem; margin-top: 2rem; font-size: .9375rem; }
.run dt, .card dt, .settings dt { color: var(--muted); }
.run dt { font-size: .8125rem; }
.note, .facts { color: var(--muted); font-size: .9375rem; }
.facts { max-width: 46rem; margin-top: .375rem; }
.year { color: var(--muted); font-weight: 400; margin-right: .25em; }
.tag {
  display: inline-block; vertical-align: .12em; font-size: .75rem; font-weight: 500; letter-spacing: 0; line-height: 1.5;
  padding: 0 .5em; border: 1px solid currentColor; border-radius: 1em; color: var(--right);
}
.mark { width: .82em; height: .82em; flex: none; margin-right: .5em; vertical-align: -.04em; overflow: visible; }
footer p { border-top: 1px solid var(--line); padding-top: 1.5rem; }
.mark.tall { height: 1.64em; vertical-align: -.4em; }
.mark.wide { width: 1.64em; }
.dash { fill: none; stroke: var(--muted); stroke-width: 1.6; stroke-dasharray: 3 2.2; }

.missing { margin-top: 2.5rem; padding: 1.125rem 1.375rem; background: var(--sunken); border-radius: .75rem; }
.missing h2 { font-size: 1.125rem; margin-bottom: .375rem; }
.missing ul { margin-top: .5rem; }

.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(16rem, 100%), 1fr)); gap: 1rem; }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem 1.375rem; }
.card h3 { font-size: 1rem; font-weight: 600; }
.big { font-size: 2.625rem; font-weight: 650; letter-spacing: -.035em; line-height: 1.1; margin-top: .875rem; }
.card dl { margin-top: 1rem; padding-top: .875rem; border-top: 1px solid var(--line); font-size: .9375rem; }
.card dl div, .settings div { display: flex; justify-content: space-between; gap: 1rem; padding-block: .1875rem; }
@media (min-width: 40rem) and (max-width: 62rem) {
  .cards { grid-template-columns: minmax(0, 1fr); }
  .card { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); column-gap: 2rem; }
  .card h3, .card p { grid-column: 1; }
  .card dl { grid-column: 2; grid-row: 1 / span 3; align-self: center; margin: 0; padding: 0; border: 0; }
}

figure { margin: .5rem 0 0; }
figcaption { color: var(--muted); font-size: .9375rem; max-width: 46rem; text-wrap: pretty; }
.legend { display: flex; flex-wrap: wrap; gap: .375rem 1.5rem; margin-top: .875rem; color: var(--ink); }
.legend li { display: flex; align-items: center; }
.chart { display: none; width: 100%; height: auto; margin-top: 1.5rem; }
.chart text { font-family: inherit; font-variant-numeric: tabular-nums; paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.chart.narrow { display: block; max-width: 28rem; }
@media (min-width: 40rem) { .chart.narrow { display: none; } .chart.middle { display: block; max-width: 46rem; } }
@media (min-width: 62rem) { .chart.middle { display: none; } .chart.wide { display: block; } }

nav ol { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: .75rem; }
nav a { display: inline-block; padding-block: .25rem; }
.task { margin-top: 2.5rem; padding-top: 2rem; border-top: 1px solid var(--line); scroll-margin-top: 1rem; }
.task h3 { font-size: clamp(1.1875rem, 2.4vw, 1.375rem); letter-spacing: -.01em; }
.scroll { position: relative; overflow-x: auto; margin-top: 1.125rem; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; line-height: 1.4; }
th, td { text-align: right; vertical-align: top; padding: .625rem 0 .625rem 1rem; white-space: nowrap; }
thead th { color: var(--muted); font-weight: 400; font-size: .8125rem; vertical-align: bottom; border-bottom: 1px solid var(--ink); }
tbody th, tbody td { border-bottom: 1px solid var(--line); }
th:first-child { text-align: left; padding-left: 0; font-weight: 400; }
td.text, th.text, .plain th, .plain td { text-align: left; }
.plain tbody th { font-weight: 400; color: var(--muted); }
.plain td, .plain thead th { white-space: normal; min-width: 9rem; }
.test { white-space: normal; min-width: 7rem; }
small { display: block; color: var(--muted); font-size: .8125rem; }
details { margin-top: .875rem; }
details th, details td { padding-block: .375rem; }
summary { cursor: pointer; color: var(--link); font-size: .9375rem; width: fit-content; padding-block: .25rem; }

.examples { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(13.5rem, 100%), 1fr)); gap: 1.5rem; margin-top: 1rem; }
.examples > li { display: flex; gap: .875rem; min-width: 0; }
.examples img { flex: none; width: 84px; height: 84px; object-fit: contain; image-rendering: pixelated; background: #000; border-radius: 3px; }
.examples div { min-width: 0; font-size: .875rem; line-height: 1.35; }
.examples p { font-weight: 600; margin-bottom: .1875rem; }
.examples ul li { display: flex; align-items: baseline; padding-block: .0625rem; }
.verdict { width: .8125rem; height: .8125rem; flex: none; margin-right: .3125rem; transform: translateY(.125rem); fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.right { color: var(--muted); }
.right .verdict { color: var(--right); }
.wrong { color: var(--wrong); font-weight: 600; }

.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 2rem 4rem; margin-top: 1.25rem; }
.columns + h3 { margin-top: 2.5rem; }
.settings { margin-top: .5rem; font-size: .9375rem; }
.settings div { border-bottom: 1px solid var(--line); padding-block: .5rem; }
.settings dd { text-align: right; min-width: 0; overflow-wrap: anywhere; }
.method { margin-top: 1.25rem; }
.method div { display: grid; grid-template-columns: 10rem minmax(0, 1fr); gap: .25rem 1.5rem; padding-block: .75rem; border-top: 1px solid var(--line); }
.method dt { font-weight: 600; }
.method dd { max-width: 44rem; color: var(--muted); }
@media (max-width: 40rem) {
  .method div { grid-template-columns: minmax(0, 1fr); }
  .examples { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: 1.5rem 1rem; }
  .examples > li { flex-direction: column; gap: .5rem; }
  .stack, .stack tbody, .stack tr, .stack th, .stack td { display: block; }
  .stack thead { display: none; }
  .stack tr { border-top: 1px solid var(--line); padding-block: .875rem; }
  .stack tbody tr:last-child { border-bottom: 1px solid var(--line); }
  .stack tbody th { border: 0; padding: 0 0 .375rem; font-weight: 600; }
  .stack tbody td { display: flex; align-items: baseline; gap: .5rem; border: 0; padding: .125rem 0; white-space: normal; }
  .stack td::before { content: attr(data-label); color: var(--muted); margin-right: auto; order: -2; }
  .stack small { order: -1; }
}
@media print { .chart.wide { display: block; } .chart.middle, .chart.narrow, nav, .skip { display: none; } .task, .card, figure { break-inside: avoid; } }
`;
