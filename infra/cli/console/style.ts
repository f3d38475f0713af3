/** The console's one style sheet. No fonts, images or scripts from anywhere. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5a6675;--paper:#f5f6f8;--card:#fff;--line:#dde1e7;--good:#11734b;--warn:#8a5a00;--bad:#b3261e;--accent:#2456b3;--track:#e6e9ee}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--paper:#11161d;--card:#19202a;--line:#2b3542;--good:#57c998;--warn:#e3b04b;--bad:#ff8a80;--accent:#8ab4f8;--track:#2b3542}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;align-items:baseline;padding:1.1rem 1.5rem .9rem;border-bottom:1px solid var(--line);background:var(--card)}
h1{font-size:1.15rem;margin:0;letter-spacing:.01em}
h2{font-size:.95rem;margin:0 0 .6rem;display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
h2 small,header small,.soft{color:var(--soft);font-weight:400;font-size:.85rem}
main{display:grid;grid-template-columns:repeat(12,1fr);gap:1rem;padding:1rem 1.5rem 2.5rem;max-width:1500px;margin:0 auto}
section{grid-column:span 12;background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;min-width:0}
@media (min-width:1000px){.half{grid-column:span 6}.third{grid-column:span 4}.two{grid-column:span 8}}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(270px,1fr));gap:.8rem}
.card{border:1px solid var(--line);border-radius:.5rem;padding:.75rem .85rem}
.card h3{margin:0 0 .15rem;font-size:.95rem;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.32rem .7rem .32rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500;font-size:.82rem;white-space:nowrap}
tr:last-child td{border-bottom:0}
td.n,th.n{text-align:right}
.tag{display:inline-block;padding:.05rem .5rem;border-radius:1rem;border:1px solid currentColor;font-size:.78rem;white-space:nowrap}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.bar{height:.45rem;border-radius:.3rem;background:var(--track);overflow:hidden;margin:.25rem 0}
.bar>i{display:block;height:100%;background:var(--accent)}
.bar.low>i{background:var(--warn)}.bar.out>i{background:var(--bad)}
a{color:var(--accent)}a:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
dl{display:grid;grid-template-columns:auto 1fr;gap:.1rem .7rem;margin:.4rem 0 0;font-size:.85rem}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.empty{color:var(--soft);margin:.3rem 0}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.3rem .6rem}
@media print{body{background:#fff}section{break-inside:avoid}}
`;
