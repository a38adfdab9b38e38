import { hashSource } from '../replies/look.ts';
import { foundation } from '../replies/style.ts';

/** What lies on top is lighter than what is below it, in both themes. */
export const style = `${foundation}
:root { line-height: 1.5; --ground: var(--well); --card: var(--paper); --a: #0b5fcc; --b: #b35309; --c: #7f39b8; --bad: #b3261e }
@media (prefers-color-scheme: dark) { :root { --ground: var(--paper); --card: var(--well); --a: #6db3ff; --b: #f2ae49; --c: #cfa1ff; --bad: #ff8a80 } }
body { margin: 0; background: var(--ground); color: var(--ink) }
header, main { max-width: 76rem; margin: 0 auto; padding: 1rem }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; padding-bottom: 0 }
h1 { font-size: 1.25rem; margin: 0 }
h2 { font-size: 1rem; margin: 0; font-weight: 600 }
p { margin: .25rem 0 }
.quiet { color: var(--faint); font-size: .875rem }
.about { flex: 1 1 16rem; margin: 0 }
#status { margin: 0; font-size: .875rem; display: flex; align-items: center; gap: .4rem }
#status::before { content: ''; width: .6rem; height: .6rem; border-radius: 50%; background: var(--faint) }
#status.live::before { background: #2a9d55 }
#status.lost::before { background: var(--bad) }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem }
button, input { font: inherit; color: inherit; border: 1px solid var(--line); border-radius: .4rem; padding: .25rem .75rem; min-height: 2.25rem; background: var(--card) }
button { cursor: pointer }
button:hover { border-color: var(--faint) }
form { margin: 0 }
.cards { display: grid; grid-template-columns: repeat(var(--columns, 1), minmax(0, 1fr)); gap: 1rem; grid-auto-flow: dense }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: .9rem 1rem; min-width: 0 }
.cards .card { display: flex; flex-direction: column }
.figures { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: .25rem 0 }
.figures div { display: flex; flex-direction: column-reverse }
.figures dt { color: var(--faint); font-size: .8125rem }
.figures dd { margin: 0; font-size: 1.5rem; font-variant-numeric: tabular-nums; line-height: 1.3; white-space: nowrap }
.key::before { content: ''; display: inline-block; width: .8rem; height: .2rem; margin-right: .35rem; vertical-align: middle; background: var(--a) }
.key.b::before { background: var(--b) }
.key.c::before { background: var(--c) }
figure { margin: auto 0 0; padding-top: .5rem }
figcaption { color: var(--faint); font-size: .8125rem; display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 .75rem }
svg { display: block; width: 100%; height: 4rem; border-bottom: 1px solid var(--line); overflow: visible }
svg:empty { display: none }
path { fill: none; stroke: var(--a); stroke-width: 1.75; vector-effect: non-scaling-stroke; stroke-linejoin: round; stroke-linecap: round }
path.b { stroke: var(--b) }
path.c { stroke: var(--c) }
path.dot { stroke-width: 5 }
path.area { fill: var(--a); opacity: .14; stroke: none }
.wide { margin-top: 1rem }
.title { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; justify-content: space-between }
table { border-collapse: collapse; width: 100%; margin-top: .5rem; font-size: .9375rem; font-variant-numeric: tabular-nums }
th, td { text-align: right; padding: .35rem .5rem; border-top: 1px solid var(--line); vertical-align: middle }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
th:last-child, td:last-child { padding-right: 0 }
thead th, thead td { border-top: 0 }
thead th { color: var(--faint); font-weight: 400; font-size: .8125rem; vertical-align: bottom }
tbody th { font-weight: 400; overflow-wrap: anywhere }
.codes tbody th, .keys tbody th { font-family: ui-monospace, monospace; font-size: .875rem }
td button { min-height: 2rem; padding: .1rem .6rem; font-size: .875rem }
tbody:empty::after { content: attr(data-none); color: var(--faint); font-size: .875rem }
.login { max-width: 24rem; margin: 12vh auto 0; padding: 1rem }
.login label { display: block; margin: .75rem 0 .25rem }
.login input { width: 100%; margin-bottom: .75rem }
.bad { color: var(--bad) }
@media (min-width: 40rem) { .cards { --columns: 2 } #card-latency { grid-column: span 2 } }
@media (min-width: 64rem) { .cards { --columns: 4 } }
@media (max-width: 40rem) {
  .about { flex-basis: 100% }
  .wide table, .wide tbody, .wide tr, .wide th, .wide td { display: block; text-align: left; padding: 0; border: 0 }
  .wide thead { position: absolute; left: -99rem }
  .wide tr { border-top: 1px solid var(--line); padding: .5rem 0 }
  .wide td { display: flex; justify-content: space-between; gap: 1rem; padding: .1rem 0 }
  .wide td[data-label]::before { content: attr(data-label); color: var(--faint) }
  td form, td button { width: 100% }
}
`;

/** Lets it through a Content-Security-Policy that forbids all else. */
export const styleHash = hashSource(style);
