import { textOn } from './color.ts';

const ownColor = '#4a6fa5';

/** What the pages for visitors and the one for operators have in common: colours, type, focus. */
export const foundation = `
:root { color-scheme: light dark; font: 1rem/1.6 system-ui, sans-serif; --paper: #ffffff; --ink: #1b2027; --faint: #57606c; --line: #d8dde3; --well: #f3f5f7 }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e7eaee; --faint: #a6afba; --line: #343b44; --well: #1f242a } }
* { box-sizing: border-box }
:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px }
[hidden] { display: none }`;

/**
 * The one style of all our pages for visitors. The brand's colour is only ever an edge, or has black
 * or white text upon it: no text is written in it, whatever it is.
 */
export function styleOf(color = ownColor): string {
  return `${foundation}
:root { --brand: ${color}; --on-brand: ${textOn(color)} }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--paper); color: var(--ink); border-top: 4px solid var(--brand); overflow-wrap: anywhere }
header, main, footer { width: 100%; max-width: 40rem; margin: 0 auto; padding: 1.25rem }
header { display: flex; align-items: center; gap: .75rem; font-weight: 600 }
header img { display: block; height: 2rem; max-width: 10rem; object-fit: contain }
main { flex: 1; padding-top: clamp(1rem, 12vh, 6rem) }
header + main { padding-top: clamp(.5rem, 6vh, 3rem) }
h1 { font-size: clamp(1.4rem, 1.1rem + 1.8vw, 1.8rem); line-height: 1.25; margin: 0 0 .75rem; text-wrap: balance }
h2 { font-size: 1rem; margin: 1.75rem 0 .25rem }
p, ul { margin: 0 0 .75rem }
ul { padding-left: 1.25rem }
a { color: inherit; text-underline-offset: .2em }
code { font: .9em/1.5 ui-monospace, monospace }
code.address { display: block; margin: .5rem 0 .75rem; padding: .6rem .8rem; background: var(--well); border: 1px solid var(--line); border-radius: .4rem }
button, a.button { display: inline-block; margin-top: .75rem; padding: .55rem 1.1rem; border: 1px solid var(--faint); border-radius: .4rem; background: var(--brand); color: var(--on-brand); font: inherit; font-weight: 600; text-decoration: none; cursor: pointer }
form { margin: 0 0 1rem }
progress { appearance: none; width: 6rem; height: .45rem; margin-right: .5rem; border: 1px solid var(--faint); border-radius: 1rem; vertical-align: middle; background: linear-gradient(var(--brand) 0 0) 0 0 / 35% 100% no-repeat var(--line); animation: run 1.2s ease-in-out infinite alternate }
progress::-webkit-progress-bar { background: none }
progress::-moz-progress-bar { background: none }
@keyframes run { to { background-position: 100% 0 } }
@media (prefers-reduced-motion: reduce) { progress { animation: none } }
footer { color: var(--faint); font-size: .8125rem }
footer p { border-top: 1px solid var(--line); margin: 0; padding-top: .75rem }
footer code { display: inline-block }`;
}
