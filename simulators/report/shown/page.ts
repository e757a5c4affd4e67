import type { PromiseTold, Verdict } from '../verdict.ts';
import { barPlot, escapeHtml, type Line, linePlot } from './plots.ts';
import { alertTable, cameraTable, delayTable, eventTable, kindTable, NO_LOOP, stageTable } from './tables.ts';
import { promiseText, unmadeText } from './text.ts';

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
    `<h2>Messages</h2>${kindTable(verdict)}`,
    examplesOf(verdict),
    `<h2>Alerts</h2>${alertTable(verdict)}`,
    `<h2>Cameras</h2>${cameraTable(verdict)}`,
    `<h2>What was made to happen</h2>${eventTable(verdict)}`,
    `<h2>Messages in ten seconds</h2>${messagesPlot(verdict)}`,
    `<h2>From the moment a message was due to its acknowledgement</h2>${answersPlot(verdict)}`,
    delayTable(verdict),
    `<h2>Stages of the target's work</h2>${stageTable(verdict)}`,
    `<h2>Event loop of the target, held up (p99)</h2>${loopPlot(verdict)}`,
    `<h2>The generator itself</h2>${selfText(verdict)}`,
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
  if (verdict === 'incomplete') return 'broken';
  return verdict === 'not judged' ? 'unjudged' : verdict;
}

function warnings({ isBottleneck, isWhole, unmade }: Verdict): string[] {
  const found = unmade.map((one) => `${unmadeText(one)}. Nothing is said of how the target gets over that.`);
  if (isBottleneck) found.push('The generator itself was the bottleneck: delays say little about the gateway.');
  if (!isWhole) found.push('The run did not end by itself; its ledger was read up to where it breaks off.');
  return found.map((text) => `<p class="broken">${escapeHtml(text)}</p>`);
}

function promiseItem(one: PromiseTold): string {
  const name = one.kept === null ? 'unjudged' : one.kept ? 'kept' : 'broken';
  const word = one.kept === null ? 'not judged' : one.kept ? 'kept' : 'broken';
  return `<li><span class="${name}">${word}</span> ${escapeHtml(promiseText(one))}</li>`;
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

function loopPlot({ loop }: Verdict): string {
  if (loop.length === 0) return `<p>${NO_LOOP}</p>`;
  const points = loop.map(({ atS, p99Ms }) => ({ x: atS, y: p99Ms }));
  return linePlot([{ name: 'event loop', points }], { unit: 'ms', xUnit: 's' });
}

function selfText({ self }: Verdict): string {
  if (!self) return '<p>The run did not end by itself.</p>';
  const { cpuShare, rssMb, loopP99Ms, late, lateP99Ms } = self;
  const text =
    `${Math.round(cpuShare * 100)} % of a core, ${rssMb} MB; its event loop was held up ${loopP99Ms} ms (p99); ` +
    `${late} messages went out late, p99 ${lateP99Ms} ms.`;
  return `<p>${text}</p>`;
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
