/** The console's one style sheet. No fonts, images or scripts from anywhere. */
export const STYLE = `
:root{color-scheme:light dark;--ink:#1b2430;--soft:#566170;--paper:#f3f5f7;--card:#fff;--line:#dbe0e6;--good:#0f6b45;--warn:#835400;--bad:#b3261e;--accent:#1f55b5;--track:#e4e8ed;--code:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#a0abba;--paper:#10151b;--card:#181f28;--line:#2b3542;--good:#5dcb9c;--warn:#e8b856;--bad:#ff8f86;--accent:#8fb7fa;--track:#2a3440;--code:#222b37}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
.top{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;padding:1rem 1.5rem;border-bottom:1px solid var(--line);background:var(--card)}
h1,h2,h3,p,ul,ol,dl{margin:0;padding:0}
ul,ol{list-style:none}
h1{font-size:1.2rem;letter-spacing:.01em}
h2{font-size:1rem}
h3{font-size:.95rem;overflow-wrap:anywhere}
.top p,.soft{color:var(--soft);font-size:.85rem}
.top strong{color:var(--ink)}
main{display:grid;grid-template-columns:minmax(0,1fr);gap:1rem;padding:1rem 1.5rem 2rem;max-width:1440px;margin:0 auto}
main:focus{outline:0}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.1rem;min-width:0}
.head{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.1rem 1rem;align-items:baseline;margin-bottom:.7rem}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.quiet{color:var(--soft)}
code{font:.85em ui-monospace,monospace;background:var(--code);color:var(--ink);padding:.15rem .4rem;border-radius:.3rem;overflow-wrap:anywhere}
.attention{border-left:.35rem solid var(--bad)}
.attention.calm{border-left-color:var(--good)}.attention.watch{border-left-color:var(--warn)}
.attention.calm h2{color:var(--good)}
.attention li{display:flex;flex-wrap:wrap;gap:.2rem 1rem;justify-content:space-between;align-items:baseline;padding:.45rem 0 0 .8rem;margin-top:.45rem;border-top:1px solid var(--line);color:var(--ink);overflow-wrap:anywhere}
.attention li p{flex:1 1 20rem;min-width:0}
.attention li.bad strong{color:var(--bad)}.attention li.warn strong{color:var(--warn)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.8rem}
.figures li{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.7rem .9rem}
.figures strong{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}
.figures span{color:var(--soft);font-size:.85rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:.8rem}
.cards li{display:flex}
.card{flex:1;min-width:0;border:1px solid var(--line);border-top:.25rem solid currentColor;border-radius:.5rem;padding:.7rem .85rem}
.card>*{color:var(--ink)}
.card>.soft{color:var(--soft)}
.card header{display:flex;justify-content:space-between;gap:.6rem;align-items:baseline}
.clock{margin-top:.6rem}
.line{display:flex;justify-content:space-between;gap:.6rem;font-size:.85rem;font-variant-numeric:tabular-nums}
.line span{color:var(--soft)}
.bar{display:block;margin-top:.25rem;border-radius:.25rem}
.track{fill:var(--track)}.fill{fill:currentColor}
.bar.good{color:var(--accent)}.bar.warn{color:var(--warn)}.bar.bad{color:var(--bad)}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.1rem .8rem;margin-top:.6rem;font-size:.85rem}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
.tag{display:inline-block;padding:.02rem .5rem;border-radius:1rem;border:1px solid currentColor;font-size:.78rem;white-space:nowrap}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.42rem .9rem .42rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
th{color:var(--soft);font-weight:500;font-size:.82rem;white-space:nowrap}
tbody tr:last-child td{border-bottom:0}
td div{overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}
.exports td:nth-child(2),.exports td:last-child{white-space:nowrap}
.jobs td:nth-child(2){white-space:nowrap}
.jobs td:first-child{width:48%}
.next{margin-top:.6rem;font-size:.85rem}
.feed li{display:grid;grid-template-columns:5.2rem minmax(0,1fr) auto;gap:.2rem .8rem;padding:.42rem 0;border-bottom:1px solid var(--line)}
.feed li:last-child{border-bottom:0}
.feed p{overflow-wrap:anywhere}
.when{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;font-size:.85rem}
.when span{display:block}
.side{display:grid;gap:1rem;align-content:start;min-width:0}
.budgets{display:grid;gap:.9rem}
.account{overflow-wrap:anywhere}
a{color:var(--accent);font-weight:600}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--card);padding:.4rem .7rem;z-index:1}
@media (min-width:1000px){main{grid-template-columns:repeat(2,minmax(0,1fr))}main>*{grid-column:1/-1}main>.events{grid-column:1}main>.side{grid-column:2}}
@media (max-width:900px){
.top{padding:.8rem 1rem}main{padding:.8rem .8rem 2rem}section{padding:.85rem .9rem}
.figures{grid-template-columns:repeat(2,minmax(0,1fr))}.figures li:last-child{grid-column:1/-1}
table,tbody,tr,td{display:block}thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{padding:.55rem 0;border-bottom:1px solid var(--line)}tbody tr:last-child{border-bottom:0}
td,td.n{display:grid;grid-template-columns:7.5rem minmax(0,1fr);gap:.6rem;border:0;padding:.1rem 0;text-align:left}
td.n,.exports td:nth-child(2),.exports td:last-child,.jobs td:nth-child(2){white-space:normal}
td::before{content:attr(data-label);color:var(--soft);font-size:.85rem}
td:first-child,.jobs td:first-child{display:block;width:auto;padding-bottom:.25rem}td:first-child::before{content:none}
.feed li{grid-template-columns:minmax(0,1fr) auto}.feed .what{grid-column:1/-1;grid-row:2}.when span{display:inline}.when span+span{margin-left:.5rem}
}
@media (prefers-reduced-motion:no-preference){.fill{transition:width .6s linear}}
@media print{body{background:#fff}section,.card{break-inside:avoid}}
`;
