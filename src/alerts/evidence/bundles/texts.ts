import { toRfc3339 } from '../../../core/clock.ts';
import type { Caller } from '../../../core/types.ts';
import { type Database, sql, withinJurisdiction } from '../../../platform/database/database.ts';
import { type AlertView, showAlert } from '../../desk/alert.ts';
import { forCaller } from '../../desk/log/audience.ts';
import { toEntry } from '../../desk/log/read-entry.ts';
import { OF_POLICE } from '../../desk/queries.ts';
import type { AlertRow, AlertTables } from '../../desk/tables.ts';
import type { PlateBox, SeenPlates } from '../../rules/plates.ts';

/** What texts of one bundle are made with. */
export interface TextInput {
  database: Database;
  caller: Caller;
  alert: AlertRow;
  /** Opens plates that are to stand whole; null where they stay masked. */
  box: PlateBox | null;
}

const PAGE = 200;
const ENTRIES_BYTES_MAX = 64 * 1024 ** 2;
const FINDINGS_MAX = 2_000;

/** A text that is made as it is read; `isCut` is known when it was read to its end. */
export interface CutText {
  pieces: AsyncIterable<string>;
  isCut(): boolean;
}

/** The alert as its reader is shown it. */
export function alertText({ alert, box }: TextInput): string {
  const view: AlertView = showAlert(alert);
  const data = withPlates(view.data, { sealed: alert.plates_sealed, key: alert.dedup_key, box });
  return `${JSON.stringify({ ...view, data }, null, 2)}\n`;
}

/** The entries of the log of the alert that the caller may read, in their order, as `GET /alerts/events` shows them. */
export function logText(input: TextInput): CutText {
  let isCut = false;
  async function* pieces(): AsyncGenerator<string> {
    let bytes = 0;
    yield '{"items":[';
    for await (const entry of entriesOf(input)) {
      const text = JSON.stringify(entry);
      isCut = bytes + text.length > ENTRIES_BYTES_MAX;
      if (isCut) break;
      yield `${bytes === 0 ? '' : ','}\n${text}`;
      bytes += text.length;
    }
    yield '\n]}\n';
  }
  return { pieces: pieces(), isCut: () => isCut };
}

async function* entriesOf({ database, caller, alert, box }: TextInput): AsyncGenerator<unknown> {
  for (let seq = 0; ; ) {
    const all = database.tables<AlertTables>().selectFrom('alert_event').selectAll().where('alert_id', '=', alert.id);
    const query = all.where('seq', '>', seq).where(forCaller(caller)).orderBy('seq').limit(PAGE);
    const rows = await withinJurisdiction(query, 'jurisdiction', caller, OF_POLICE).execute();
    for (const row of rows) {
      const { body } = toEntry(row);
      const of = { sealed: row.plates_sealed, key: alert.dedup_key, box };
      yield { ...body, alert: { ...body.alert, data: withPlates(body.alert.data as AlertView['data'], of) } };
    }
    const last = rows.at(-1)?.seq;
    if (last === undefined || rows.length < PAGE) return;
    seq = last;
  }
}

/** What its rule found, newest last; null where findings are not kept any more. */
export async function findingsText(
  input: TextInput,
): Promise<{ text: string; fromMs: number; toMs: number; isCut: boolean } | null> {
  const { database, caller, alert, box } = input;
  const all = database
    .tables<AlertTables>()
    .selectFrom('finding')
    .selectAll()
    .where(sql<boolean>`alert_id = ${alert.id}`);
  const query = all
    .where(forCaller(caller))
    .orderBy('seq')
    .limit(FINDINGS_MAX + 1);
  const rows = await withinJurisdiction(query, 'jurisdiction', caller).execute();
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return null;
  const items = rows.slice(0, FINDINGS_MAX).map((row) => ({
    id: row.id,
    kind: row.kind,
    rule: `${row.rule}@${row.rule_version}`,
    severity: row.severity,
    deviceAt: row.device_at_ms === null ? null : toRfc3339(row.device_at_ms),
    receivedAt: toRfc3339(row.received_at_ms),
    decidedAt: toRfc3339(row.decided_at_ms),
    data: withPlates(row.data, { sealed: row.plates_sealed, key: row.dedup_key, box }),
  }));
  return {
    text: `${JSON.stringify({ items }, null, 2)}\n`,
    fromMs: first.received_at_ms,
    toMs: last.received_at_ms,
    isCut: rows.length > FINDINGS_MAX,
  };
}

/** Values as they were seen, with the plates that they have masked whole where `box` may open them. */
function withPlates<Values extends Record<string, unknown>>(
  data: Values,
  { sealed, key, box }: { sealed: Buffer | null; key: string; box: PlateBox | null },
): Values {
  if (sealed === null || box === null) return data;
  const plates: SeenPlates = JSON.parse(box.open(sealed, key).toString('utf8'));
  return { ...data, ...plates };
}
