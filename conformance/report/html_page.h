// Inside conformance/report only: the fixed parts of report.html. Colours have a contrast of 4.5:1 or more on both grounds.
#pragma once

#include <string_view>

namespace conformance::report {

inline constexpr std::string_view html_style = R"css(
:root { --ground: #fff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --panel: #f6f8fa; --pass: #116329; --warn: #7d4e00; --fail: #a40e26; --open: #6639ba; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --ink: #e6edf3; --soft: #9da7b3; --line: #30363d; --panel: #161b22; --pass: #56d364; --warn: #e3b341; --fail: #ff7b72; --open: #d2a8ff; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); } h3 { font-size: 1rem; margin: 0; display: inline; }
a { color: inherit; } a:focus-visible, input:focus-visible, summary:focus-visible, select:focus-visible { outline: 3px solid var(--open); outline-offset: 2px; }
nav a { margin-right: 1rem; } dd ul { margin: 0; padding-left: 1.1rem; }
.skip { position: absolute; left: -99rem; } .skip:focus { left: 1rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); } td { overflow-wrap: anywhere; }
th[scope=row] { font-weight: 600; white-space: nowrap; } caption { text-align: left; color: var(--soft); padding-bottom: .3rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.verdict { font-weight: 700; white-space: nowrap; } .PASS { color: var(--pass); } .WARN { color: var(--warn); } .FAIL, .ERROR { color: var(--fail); }
.INCONCLUSIVE { color: var(--open); } .NOT { color: var(--soft); }
.result { border: 2px solid; padding: .6rem 1rem; font-size: 1.15rem; font-weight: 700; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .6rem 0; padding: .5rem .8rem; background: var(--panel); } summary { cursor: pointer; }
dl { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .25rem 1rem; margin: .8rem 0 0; } dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
pre, code { font: .85rem/1.4 ui-monospace, monospace; } pre { overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.soft { color: var(--soft); } .tools { display: flex; flex-wrap: wrap; gap: .8rem; margin: .8rem 0; } .tools[hidden] { display: none; } .tools input, .tools select { font: inherit; padding: .3rem .5rem; background: var(--ground); color: inherit; border: 1px solid var(--soft); border-radius: .3rem; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { padding-left: .8rem; } }
@media print {
  nav { display: none; }
  body { max-width: none; font-size: 10pt; } .tools, .skip { display: none; } details { break-inside: avoid; background: none; } tr { break-inside: avoid; } h2 { break-after: avoid; }
}
)css";

// Everything is readable without it. Closed details are opened for paper.
inline constexpr std::string_view html_script = R"js(
(() => {
  const text = document.getElementById('find'), verdict = document.getElementById('which'), told = document.getElementById('told');
  const tools = document.querySelector('.tools');
  if (!tools) return;
  const rows = [...document.querySelectorAll('#scenarios tbody tr')], findings = [...document.querySelectorAll('.finding')];
  const requirements = [...document.querySelectorAll('#requirements tbody tr')];
  const words_of = new Map([...rows, ...findings, ...requirements].map(one => [one, one.textContent.toLowerCase()]));
  const show = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const sift = (all, by_verdict) => all.filter(one => {
      const fits = (!by_verdict || !verdict.value || one.dataset.verdict === verdict.value) && words.every(word => words_of.get(one).includes(word));
      one.hidden = !fits;
      return fits;
    }).length;
    told.textContent = sift(findings, true) + ' of ' + findings.length + ' findings, ' + sift(rows, true) + ' of ' + rows.length + ' scenarios, ' +
      sift(requirements, false) + ' of ' + requirements.length + ' requirements shown';
  };
  const open = () => {
    const one = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!one) return;
    if (one.hidden) { text.value = ''; verdict.value = ''; show(); }
    one.open = true;
    one.scrollIntoView();
  };
  tools.hidden = false;
  text.addEventListener('input', show);
  verdict.addEventListener('change', show);
  addEventListener('hashchange', open);
  addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(one => { one.open = true; }));
  show();
  open();
})();
)js";

}  // namespace conformance::report
