import type { Clock } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { type Jurisdiction, ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, jsonb, withinJurisdiction } from '../database/database.ts';

/** One look at something that shows people: a camera's picture, a list of plates, the register itself or the audit. */
export interface Look {
  viewer: Pick<Caller, 'type' | 'id' | 'name'>;
  act: 'view' | 'snapshot' | 'evidence' | 'image' | 'photo' | 'plates' | 'register' | 'audit' | 'ptz';
  device: DeviceId | null;
  jurisdiction: Jurisdiction;
  purpose: string;
  case: string | null;
  /** What a query asked for, without a plate in it; absent for looks at one thing. */
  asked?: Record<string, unknown> | null;
}

/** Looks at what a camera saw, as opposed to lists and the register. */
const AT_PICTURES: ReadonlySet<Look['act']> = new Set(['view', 'snapshot', 'evidence', 'image', 'photo']);

export interface AccessRegisterDeps {
  database: Database;
  clock: Clock;
  /** Whether pictures of a device are shown for an incident only. */
  needsIncident(device: DeviceId): boolean;
}

export interface LookEntry extends Look {
  seq: number;
  atMs: number;
}

interface RegisterTables {
  access_register: {
    seq?: number;
    at_ms: number;
    viewer_type: string;
    viewer_id: string;
    viewer_name: string;
    act: string;
    device: string | null;
    jurisdiction: string;
    purpose: string;
    case_number: string | null;
    asked: Record<string, unknown> | null;
  };
}

export interface LookFilter {
  device?: DeviceId;
  viewer?: string;
  beforeSeq?: number;
  limit: number;
}

/** The refusal of a look at pictures of children, or whatever else is shown for an incident only. */
export function incidentMissing(): CitywatchError {
  const message = 'is missing: name the number of the incident that you look for';
  return new CitywatchError('look.incident-missing', { issues: [{ path: 'case', message }] });
}

/** Who looked at what, why and for which case; append-only. Nothing is shown before `add` has resolved. */
export class AccessRegister {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #needsIncident: AccessRegisterDeps['needsIncident'];

  constructor({ database, clock, needsIncident }: AccessRegisterDeps) {
    this.#database = database;
    this.#clock = clock;
    this.#needsIncident = needsIncident;
  }

  /**
   * Errors: `look.incident-missing` for a picture that is shown for an incident only, where no case is named. Whatever
   * shows pictures comes by here, so nothing that is built later can forget to ask.
   */
  async add(look: Look): Promise<void> {
    await this.enter(look);
  }

  /** As {@link add}; answers the number of the entry, which somebody may be asked about later. */
  async enter(look: Look): Promise<number> {
    const isWithoutCase = look.device !== null && look.case === null && AT_PICTURES.has(look.act);
    if (isWithoutCase && this.#needsIncident(look.device!)) throw incidentMissing();
    const { seq } = await this.#database
      .tables<RegisterTables>()
      .insertInto('access_register')
      .values({
        at_ms: this.#clock.nowMs(),
        viewer_type: look.viewer.type,
        viewer_id: look.viewer.id,
        viewer_name: look.viewer.name,
        act: look.act,
        device: look.device,
        jurisdiction: look.jurisdiction,
        purpose: look.purpose,
        case_number: look.case,
        asked: look.asked ? jsonb(look.asked) : null,
      })
      .returning('seq')
      .executeTakeFirstOrThrow();
    return Number(seq);
  }

  /** Newest first. Reading the register is itself a look and leaves a row. */
  async list(caller: Caller, filter: LookFilter): Promise<LookEntry[]> {
    const { jurisdiction } = caller;
    const purpose = caller.purpose ?? 'oversight';
    await this.add({
      viewer: caller,
      act: 'register',
      device: filter.device ?? null,
      jurisdiction,
      purpose,
      case: null,
    });
    let query = this.#database.tables<Required<RegisterTables>>().selectFrom('access_register').selectAll();
    if (filter.device) query = query.where('device', '=', filter.device);
    if (filter.viewer) query = query.where('viewer_id', '=', filter.viewer);
    if (filter.beforeSeq) query = query.where('seq', '<', filter.beforeSeq);
    const rows = await withinJurisdiction(query, 'jurisdiction', ownArea(caller))
      .orderBy('seq', 'desc')
      .limit(filter.limit)
      .execute();
    return rows.map((row) => ({
      seq: row.seq ?? 0,
      atMs: row.at_ms,
      viewer: { type: row.viewer_type as Caller['type'], id: row.viewer_id, name: row.viewer_name },
      act: row.act as Look['act'],
      device: row.device,
      jurisdiction: row.jurisdiction,
      purpose: row.purpose,
      case: row.case_number,
      asked: row.asked,
    }));
  }
}
