import type { Clock } from '../../../core/clock.ts';
import type { Jurisdiction } from '../../../core/jurisdiction.ts';
import type { Caller, Device, DeviceId } from '../../../core/types.ts';
import type { Database } from '../../../platform/database/database.ts';
import { recordAudit } from '../../../platform/records/audit.ts';
import { shownAddresses } from '../../registry/connections.ts';
import type { RegistryTables } from '../../registry/tables.ts';
import type { Column } from '../column.ts';
import { COLUMNS } from '../columns.ts';
import { escapeCell } from '../formula.ts';
import { csvOf } from './csv.ts';
import { xlsxOf } from './xlsx.ts';

/** Devices that are read at once. */
const PAGE = 500;

export interface ExportQuery {
  format: 'csv' | 'xlsx';
  /** In which language the columns are named. */
  titles: 'en' | 'zh';
  /** What was asked for, for the audit trail. */
  filter: Record<string, unknown>;
  /** Whether the caller may see where the devices of an area are reached. */
  tellsAddresses(area: Jurisdiction): boolean;
  /** A page of what the filter finds and the caller may see. */
  page(request: { limit: number; after?: string }): Promise<{ items: Device[]; next: string | null }>;
}

export interface ExportFile {
  contentType: string;
  fileName: string;
  pieces: AsyncIterable<string | Buffer>;
}

const XLSX_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** Lists of devices as files that an import takes back without a change. */
export class DeviceExport {
  readonly #database: Database;
  readonly #clock: Clock;

  constructor({ database, clock }: { database: Database; clock: Clock }) {
    this.#database = database;
    this.#clock = clock;
  }

  /** The audit row is written before the first byte. What is found meanwhile, page by page, is what is there then. */
  async open(caller: Caller, query: ExportQuery): Promise<ExportFile> {
    const { format, filter } = query;
    const { jurisdiction } = caller;
    const atMs = this.#clock.nowMs();
    const after = { format, filter };
    await recordAudit(this.#database, {
      caller,
      action: 'device.export',
      subject: 'devices',
      jurisdiction,
      after,
      atMs,
    });
    const withAddresses = query.tellsAddresses(jurisdiction);
    const columns = COLUMNS.filter(({ isSecret, path }) => !isSecret && (withAddresses || !isAddress(path)));
    const rows = this.#rows(query, columns);
    const fileName = `devices-${new Date(atMs).toISOString().slice(0, 10)}.${format}`;
    if (format === 'xlsx') return { contentType: XLSX_TYPE, fileName, pieces: xlsxOf(rows, columns.length) };
    return { contentType: 'text/csv; charset=utf-8', fileName, pieces: csvOf(rows) };
  }

  async *#rows({ titles, page, tellsAddresses }: ExportQuery, columns: readonly Column[]): AsyncGenerator<string[]> {
    yield columns.map(({ name, titles: [chinese] }) => (titles === 'zh' ? chinese : name));
    let after: string | undefined;
    do {
      const { items, next } = await page({ limit: PAGE, ...(after === undefined ? {} : { after }) });
      const told = items.filter(({ jurisdiction }) => tellsAddresses(jurisdiction));
      const addresses = await this.#addresses(told.map(({ id }) => id));
      for (const device of items)
        yield columns.map((column) => cellOf(column, viewOf(device, addresses.get(device.id))));
      after = next ?? undefined;
    } while (after !== undefined);
  }

  async #addresses(ids: readonly DeviceId[]): Promise<Map<DeviceId, ReturnType<typeof shownAddresses>>> {
    if (ids.length === 0) return new Map();
    const all = this.#database.tables<RegistryTables>().selectFrom('position').select(['id', 'stream', 'onvif']);
    const rows = await all.where('id', 'in', ids).execute();
    return new Map(rows.map(({ id, stream, onvif }) => [id, shownAddresses({ stream, onvif })]));
  }
}

function isAddress([group]: readonly string[]): boolean {
  return group === 'stream' || group === 'onvif';
}

/** A device as the paths of columns go through it. Its place is WGS-84, in whatever datum it was given. */
function viewOf(device: Device, addresses: object | undefined): object {
  const { unit, location } = device;
  const shown = { ...unit, mac: unit?.mac?.split(',') };
  return {
    ...device,
    location: { ...location, datum: 'wgs84' },
    unit: shown,
    certificate: unit?.certificate,
    ...addresses,
  };
}

function cellOf({ path, type }: Column, view: object): string {
  const value = path.reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | null | undefined)?.[key],
    view,
  );
  return value === null || value === undefined ? '' : escapeCell(type.write(value as never));
}
