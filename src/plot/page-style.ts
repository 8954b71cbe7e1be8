/** The style sheet of the page; the plots bring their own. */
export const pageStyle = `
:root{color-scheme:light dark;--ground:#fff;--text:#1c2430;--dim:#5b6472;--rule:#e1e4ea;--code:#f3f5f8;--bad:#b3261e;--ok:#1a7f4b}
@media (prefers-color-scheme:dark){:root{--ground:#14181f;--text:#e4e8ee;--dim:#9aa4b2;--rule:#2b323d;--code:#1e242e;--bad:#ff8a80;--ok:#5ad19a}}
body{margin:0;background:var(--ground);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:24px;margin:0 0 14px}
h2{font-size:18px;margin:0 0 4px}
*+h2{margin-top:30px}
h2 small{font-size:14px;font-weight:400;color:var(--dim);margin-left:6px}
section{margin-top:36px;padding-top:24px;border-top:1px solid var(--rule)}
p{margin:6px 0 12px}
code{background:var(--code);border-radius:4px;padding:1px 5px;font-size:13px;overflow-wrap:anywhere}
.dim{color:var(--dim)}
.bad{color:var(--bad);font-weight:600}
.ok{color:var(--ok)}
.notes{margin:8px 0;padding-left:18px;color:var(--dim)}
.wide{overflow-x:auto}
.wide svg{min-width:640px}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--dim);vertical-align:bottom}
th,td{padding:5px 14px 5px 0;border-bottom:1px solid var(--rule)}
td{vertical-align:top}
table.facts{width:auto}
.facts th{min-width:150px;padding-right:28px;vertical-align:top}
.facts td{overflow-wrap:anywhere}
.timeline th{min-width:0;padding-right:20px;white-space:nowrap;font-weight:400}
a{color:inherit}
figure{margin:0 0 18px}
ul{padding-left:20px;margin:6px 0 12px}
h3{font-size:16px;margin:20px 0 4px}
svg{display:block;width:100%;height:auto;margin:10px 0}
.key{color:var(--dim);font-size:13px;margin-top:14px}
.swatch{display:inline-block;width:14px;height:10px;border-radius:2px;margin:0 4px 0 10px}
.swatch:first-child{margin-left:0}
.swatch.pending{background:#f2a600}
.swatch.firing{background:#d3302f}
.swatch.threshold{height:0;border-top:2px dashed var(--bad);border-radius:0;vertical-align:middle}
`.replaceAll('\n', '');
