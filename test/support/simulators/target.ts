import { buildCity } from '../../../simulators/cities/city.ts';
import type { CityFile } from '../../../simulators/cities/city-file.ts';
import { nextReport, packetsOf } from '../../../simulators/devices/packets.ts';
import type { Entry } from '../../../simulators/fleet/ledger-lines.ts';
import type { StoredRow, StoreReader } from '../../../simulators/report/store.ts';
import { deliveriesOf, type StormFlaw } from './told.ts';

/** What is wrong with a gateway, on purpose. */
export type Flaw =
  | 'none'
  | 'acks before it wrote'
  | 'drops a batch'
  | 'stores copies again'
  | 'doubles a webhook'
  | 'rings late'
  | 'forgets an alert'
  | 'rings for nothing'
  | 'shows a stale latest'
  | 'never clears'
  | 'answers some of them never'
  | 'shows a foreign district'
  | 'keeps a ledger that balances and lies'
  | StormFlaw;

interface Lived {
  entries: Entry[];
  store: StoreReader;
}

const SECOND_MS = 1_000;
/** When a gateway that acknowledges too early is killed, and how much it had not written by then. */
const KILLED = { atShare: 0.5, unwrittenMs: 2 * SECOND_MS };
const PREFIX = 'sim-test-';

/** A run of a city at a made-up gateway that is as wrong as it is told to be, without any waiting. */
export function live(file: CityFile, { seed, flaw, forMs }: { seed: number; flaw: Flaw; forMs: number }): Lived {
  const beginAtMs = Date.UTC(2026, 5, 8, 10);
  const endAtMs = beginAtMs + forMs;
  const city = buildCity(file, { seed, scale: 1, prefix: PREFIX, beginAtMs });
  const rows: (StoredRow & { kind: string })[] = [];
  const told = {
    run: 'r1',
    city: file.city,
    seed,
    scale: 1,
    prefix: PREFIX,
    gateway: 'test',
    machine: 'test',
    part: '1/1',
  };
  const entries: Entry[] = [{ what: 'head', head: { ...told, beganAtMs: beginAtMs } }];
  const killedMs = beginAtMs + forMs * KILLED.atShare;
  const newest = new Map<string, number>();
  let seq = 0;
  for (const [index, { sender, district }] of city.citizens.entries()) {
    const { being, model } = sender;
    entries.push({ what: 'device', index, kind: model.kind, id: being.id, district });
    for (let atMs = nextReport(sender, beginAtMs); atMs < endAtMs; atMs = nextReport(sender, atMs)) {
      for (const packet of packetsOf(sender, atMs, { id: 'r1', world: city.world })) {
        if (packet.dueMs < beginAtMs) continue;
        const dueMs = packet.dueMs - beginAtMs;
        seq += 1;
        entries.push({ what: 'sent', sent: { ...packet, seq, device: index, dueMs, sentMs: dueMs + 1 } });
        const isAnswered = flaw !== 'answers some of them never' || seq % 50 !== 0;
        if (isAnswered) entries.push({ what: 'acked', seq, atMs: dueMs + 5 });
        else entries.push({ what: 'owed', owed: { device: being.id, messages: 1 } });
        if (packet.fate === 'kept') newest.set(being.id, Math.max(newest.get(being.id) ?? 0, ...packet.tsMs));
        const isUnwritten = packet.dueMs > killedMs - KILLED.unwrittenMs && packet.dueMs <= killedMs;
        const isDropped = ['drops a batch', 'keeps a ledger that balances and lies'].includes(flaw);
        const isGone = (flaw === 'acks before it wrote' && isUnwritten) || (isDropped && seq > 100 && seq <= 120);
        const isKept = packet.fate === 'kept' || (packet.fate === 'copy' && flaw === 'stores copies again');
        if (isGone || !isKept) continue;
        for (const tsMs of packet.tsMs) rows.push({ kind: model.kind, device: being.id, tsMs });
      }
    }
  }
  entries.push(...city.befallen.map((befallen): Entry => ({ what: 'befallen', befallen })));
  entries.push(
    ...deliveriesOf(city.befallen, { flaw, prefix: PREFIX }),
    ...looksOf(newest, flaw),
    ...booksOf(entries, flaw),
  );
  const letIn = flaw === 'shows a foreign district' ? 1 : 0;
  entries.push({ what: 'refusal', refusal: { what: 'reader of another district', tries: 20, letIn } });
  const self = { sent: seq, late: 0, lateP99Ms: 1, loopP99Ms: 2, cpuShare: 0.1, rssMb: 90, endedAtMs: endAtMs };
  entries.push({ what: 'self', self });
  return { entries, store: { rows: (kind) => rowsOf(rows.filter((row) => row.kind === kind)) } };
}

async function* rowsOf(rows: readonly StoredRow[]): AsyncGenerator<StoredRow> {
  yield* rows;
}

function looksOf(newest: ReadonlyMap<string, number>, flaw: Flaw): Entry[] {
  return [...newest].map(([device, sentMs], at) => {
    const shownMs = flaw === 'shows a stale latest' && at === 1 ? sentMs - 120 * SECOND_MS : sentMs;
    return { what: 'looked', looked: { device, shownMs, sentMs: sentMs - SECOND_MS } };
  });
}

/** The gateway's own ledger: one that lies leaves out what it dropped, and so balances. */
function booksOf(entries: readonly Entry[], flaw: Flaw): Entry[] {
  const kinds = new Map(entries.flatMap((one) => (one.what === 'device' ? [[one.index, one.kind] as const] : [])));
  const counts = new Map([...new Set(kinds.values())].map((kind) => [kind, 0]));
  for (const one of entries) {
    if (one.what !== 'sent') continue;
    const { seq, device } = one.sent;
    if (flaw === 'keeps a ledger that balances and lies' && seq > 100 && seq <= 120) continue;
    const kind = kinds.get(device) ?? '';
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, messages]) => ({ what: 'counted', counted: { kind, messages, isBalanced: true } }));
}
