import { barPlot, escapeHtml, type Line, linePlot } from './plots.ts';
import { promiseText } from './text.ts';
import type { KindRow, PromiseTold, Verdict } from './verdict.ts';

const STYLE = `
body{font:15px/1.5 system-ui,sans-serif;color:#1f2328;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}
.kept{color:#1a7f37}.broken{color:#b3261e}.unjudged{color:#57606a}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #d0d7de}
th:first-child,td:first-child{text-align:left}td.bad{color:#b3261e;font-weight:600}
svg{width:100%;height:auto;font:11px system-ui,sans-serif}svg text{fill:#57606a}
.legend span{margin-right:1rem;color:#57606a}.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.35em}
ul{padding-left:1.2rem}`;

/** A verdict as one page that needs no other file and no network. */
export function toPage(verdict: Verdict): string {
  const { head } = verdict;
  const title = `${head.city}: ${verdict.verdict}`;
  const parts = [
    `<h1>${escapeHtml(head.city)} <span class="${classOf(verdict.verdict)}">${verdict.verdict}</span></h1>`,
    `<p>Run ${escapeHtml(head.run)}, seed ${head.seed}, scale ${head.scale}, began ` +
      `${new Date(head.beganAtMs).toISOString()}, against ${escapeHtml(head.gateway)}.<br>` +
      `${escapeHtml(head.machine)}</p>`,
    ...warnings(verdict),
    `<h2>Promises</h2><ul>${verdict.promises.map(promiseItem).join('')}</ul>`,
    `<h2>Messages</h2>${kindTable(verdict.kinds)}`,
    examplesOf(verdict),
    `<h2>Messages in ten seconds</h2>${messagesPlot(verdict)}`,
    `<h2>From the moment a message was due to its acknowledgement</h2>${answersPlot(verdict)}`,
    delayTable(verdict),
    `<h2>Memory of each program</h2>${processPlot(verdict, 'rssMb', 'MB')}`,
    `<h2>Processor of each program</h2>${processPlot(verdict, 'cpuShare', 'cores')}`,
  ];
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title>` +
    `<meta name="viewport" content="width=device-width"><style>${STYLE}</style></head>` +
    `<body>${parts.join('\n')}</body></html>\n`
  );
}

function classOf(verdict: Verdict['verdict']): string {
  return verdict === 'not judged' ? 'unjudged' : verdict;
}

function warnings({ isBottleneck, isWhole }: Verdict): string[] {
  const found: string[] = [];
  if (isBottleneck) found.push('The generator itself was the bottleneck: delays say little about the gateway.');
  if (!isWhole) found.push('The run did not end by itself; its ledger was read up to where it breaks off.');
  return found.map((text) => `<p class="broken">${text}</p>`);
}

function promiseItem(one: PromiseTold): string {
  const name = one.kept === null ? 'unjudged' : one.kept ? 'kept' : 'broken';
  const word = one.kept === null ? 'not judged' : one.kept ? 'kept' : 'broken';
  return `<li><span class="${name}">${word}</span> ${escapeHtml(promiseText(one))}</li>`;
}

const COLUMNS: readonly (keyof KindRow)[] = [
  'kind',
  'devices',
  'sent',
  'acked',
  'refused',
  'unanswered',
  'records',
  'stored',
  'explained',
  'lost',
  'doubled',
];

function kindTable(kinds: readonly KindRow[]): string {
  const head = COLUMNS.map((name) => `<th>${name}</th>`).join('');
  const rows = kinds.map((one) => {
    const cells = COLUMNS.map((name) => {
      const isBad = (name === 'lost' || name === 'doubled') && Number(one[name]) > 0;
      return `<td${isBad ? ' class="bad"' : ''}>${escapeHtml(String(one[name] ?? '-'))}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<table><tr>${head}</tr>${rows.join('')}</table>`;
}

function examplesOf({ examples }: Verdict): string {
  if (examples.length === 0) return '';
  const items = examples.map((text) => `<li>${escapeHtml(text)}</li>`);
  return `<h2>Examples of what is wrong</h2><ul>${items.join('')}</ul>`;
}

function messagesPlot({ perTenSeconds }: Verdict): string {
  const line = (name: 'sent' | 'acked'): Line => ({
    name,
    points: perTenSeconds.map((bin) => ({ x: bin.atS, y: bin[name] })),
  });
  return linePlot([line('sent'), line('acked')], { unit: 'messages', xUnit: 's' });
}

function answersPlot({ answersSpread }: Verdict): string {
  const bars = answersSpread.map(({ upToMs, count }) => ({
    name: upToMs === null ? 'more' : `≤${upToMs}`,
    value: count,
  }));
  return barPlot(bars, 'messages, by ms');
}

function delayTable({ lateness, answers, alerts }: Verdict): string {
  const rows = Object.entries({ 'sent late': lateness, acknowledged: answers, 'alert delivered': alerts.delay });
  const cells = rows.map(([name, { count, p50Ms, p95Ms, p99Ms, maxMs }]) => {
    const numbers = [count, p50Ms, p95Ms, p99Ms, maxMs].map((value) => `<td>${value}</td>`).join('');
    return `<tr><td>${name}</td>${numbers}</tr>`;
  });
  const head = ['after the moment meant', 'messages', 'p50 ms', 'p95 ms', 'p99 ms', 'most ms'];
  return `<table><tr>${head.map((name) => `<th>${name}</th>`).join('')}</tr>${cells.join('')}</table>`;
}

function processPlot({ processes, head }: Verdict, field: 'rssMb' | 'cpuShare', unit: string): string {
  const names = [...new Set(processes.map(({ name }) => name))].sort();
  if (names.length === 0) return '<p>Nobody looked.</p>';
  const lines = names.map((name): Line => {
    const looks = processes.filter((one) => one.name === name);
    return {
      name,
      points: looks.map((one) => ({ x: Math.max(0, Math.round((one.atMs - head.beganAtMs) / 1_000)), y: one[field] })),
    };
  });
  return linePlot(lines, { unit, xUnit: 's' });
}
