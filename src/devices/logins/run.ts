import { type Clock, MINUTE_MS } from '../../core/clock.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import { JoinedByKey } from '../../core/mechanisms/one-at-a-time.ts';
import type { DeviceId } from '../../core/types.ts';
import { type Database, jsonb, type Tables } from '../../platform/database/database.ts';
import type { Ownership } from '../../platform/database/ownership.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { knownUnit } from '../cameras/units.ts';
import type { CheckStep } from '../checks/steps.ts';
import { openStream } from '../registry/connections.ts';
import { DirectorySync, type DirectorySyncDeps } from '../registry/directory-sync.ts';
import { findDevice } from '../registry/queries.ts';
import type { RegistryTables } from '../registry/tables.ts';
import type { LoginDoors } from './camera-doors.ts';
import { stepOf } from './hints.ts';
import { keepLogins } from './keep.ts';
import {
  beforeSending,
  type Heard,
  nextState,
  type RegistryChange,
  type RotationState,
  registryChange,
} from './steps.ts';
import {
  type BothLogins,
  bothLogins,
  changeLogin,
  formerLogins,
  isOwnLogin,
  isReachedBy,
  lockPosition,
} from './store.ts';
import type { LoginTables, RotationRow } from './tables.ts';

export interface RotationRunDeps extends DirectorySyncDeps {
  database: Database;
  ownership: Pick<Ownership, 'hold' | 'transaction'>;
  clock: Clock;
  vault: Vault;
  doors: LoginDoors;
}

/** How a turn ended: nothing more to do, or there will be at that time. */
export type TurnEnd = { again: null } | { again: { atMs: number } };

/** For errors. */
const WHAT = 'a change of a login';
/** One turn; its claim is worth a minute, and the longest step a quarter of one. */
const TURN_MS = 30_000;
const AGAIN_MS = 10_000;
/** Makers forget wrong logins after half an hour at the latest. */
const REST_MS = 31 * MINUTE_MS;

/** The turn that a row is in, of this process. */
interface Turn {
  row: RotationRow;
  logins: BothLogins;
  /** How long the camera took to answer. */
  tookMs?: number;
}

/** Leads changes of logins, each a step at a time: what is to be said is durable before it is said. */
export class RotationRun {
  readonly #deps: RotationRunDeps;
  readonly #sync: DirectorySync;
  readonly #running = new JoinedByKey<string, TurnEnd>();
  /** Rotations of which this process heard every answer. */
  readonly #followed = new Set<string>();

  constructor(deps: RotationRunDeps) {
    this.#deps = deps;
    this.#sync = new DirectorySync(deps);
  }

  /**
   * Goes on with a rotation for a while; who asks meanwhile joins. Once `signal` is aborted nothing more is said: an
   * answer that is on its way is waited for, a few seconds at most, so that nobody has to find out what it was.
   */
  turn(id: string, signal: AbortSignal): Promise<TurnEnd> {
    return this.#running.run(id, async () => {
      try {
        return await this.#turn(id, signal);
      } catch (error) {
        // Whatever was said, its answer was not kept.
        this.#followed.delete(id);
        throw error;
      }
    });
  }

  async #turn(id: string, signal: AbortSignal): Promise<TurnEnd> {
    const { clock } = this.#deps;
    const endMs = clock.monotonicMs() + TURN_MS;
    for (let isFirst = true; ; isFirst = false) {
      if (signal.aborted) return { again: { atMs: clock.nowMs() } };
      const turn = await this.#load(id);
      if (!turn) return this.#over(id);
      const { row } = turn;
      const position = await positionOf(this.#deps.database, row.device);
      if (!isReachedBy(this.#deps.vault, position, turn.logins)) {
        await this.#saveWithRegistry(turn, { heard: RESUMED, to: OVERTAKEN, change: { held: false } });
        return this.#over(id);
      }
      const beganMs = clock.monotonicMs();
      const isResumed = isFirst && !this.#followed.has(id);
      if (!isResumed) await this.#announce(turn);
      const heard = isResumed ? RESUMED : await this.#effect(turn, position!);
      turn.tookMs = Math.round(clock.monotonicMs() - beganMs);
      this.#followed.add(id);
      if (heard === null) return { again: { atMs: row.rest_until_ms! } };
      const to = nextState(row.state, heard, row.plan);
      await this.#save(turn, heard, to);
      if (to.at === 'ended') return this.#over(id);
      const isWaiting = heard.type === 'away' || heard.type === 'lacking' || heard.type === 'open';
      if (isWaiting && to.at === row.state.at && row.state.at !== 'telling')
        return { again: { atMs: clock.nowMs() + AGAIN_MS } };
      if (clock.monotonicMs() > endMs) return { again: { atMs: clock.nowMs() } };
    }
  }

  #over(id: string): TurnEnd {
    this.#followed.delete(id);
    return { again: null };
  }

  async #load(id: string): Promise<Turn | null> {
    const { database, vault } = this.#deps;
    const rows = database.tables<LoginTables>().selectFrom('login_rotation').selectAll();
    const row = await rows.where('id', '=', id).where('ended_ms', 'is', null).executeTakeFirst();
    if (!row) return null;
    const former = await formerLogins(database, vault, row.device);
    return { row, logins: { ...bothLogins(vault, row), former } };
  }

  async #announce({ row }: Turn): Promise<void> {
    const state = beforeSending(row.state);
    if (!state) return;
    const { database, ownership } = this.#deps;
    await ownership.transaction(database, WHAT, async (tx) => {
      const rotation = tx
        .tables<LoginTables>()
        .updateTable('login_rotation')
        .set({ state: jsonb(state) });
      await rotation.where('id', '=', row.id).execute();
    });
    row.state = state;
  }

  /** Says what the state wants said; null where the camera is left alone. */
  async #effect({ row, logins }: Turn, position: Position): Promise<Heard | null> {
    const { database, doors, clock } = this.#deps;
    const { state, device } = row;
    // With all by which it is reached: a pinned certificate is asked for whatever the login is.
    const reached = position.onvif!;
    switch (state.at) {
      case 'planned':
        return await doors.enter({ ...reached, ...logins.old }, await knownUnit(database, device));
      case 'telling':
        return await doors.tell(state.way, { ...reached, ...logins.old }, logins.new);
      case 'finding':
        if (state.rests) return (row.rest_until_ms ?? 0) <= clock.nowMs() ? { type: 'rested' } : null;
        return await doors.enter({ ...reached, ...logins[state.ask] }, null);
      case 'proving':
        if (state.door === 'snapshot') return await doors.snapshot({ ...reached, ...logins.new });
        return await this.#rtsp(position, logins);
      case 'disproving': {
        const { username } = logins.new;
        return await doors.enter({ ...reached, username, password: logins.old.password }, null);
      }
      case 'ended':
        return { type: 'nothing' };
    }
  }

  /** A stream that has a login of another account is none of this. */
  async #rtsp({ id, stream }: Position, logins: BothLogins): Promise<Heard> {
    if (!stream) return { type: 'nothing' };
    const { url, login } = openStream(this.#deps.vault, id, stream.main);
    return isOwnLogin(login, logins)
      ? await this.#deps.doors.rtsp({ device: id, url, ...logins.new })
      : { type: 'nothing' };
  }

  async #save(turn: Turn, heard: Heard, to: RotationState): Promise<void> {
    const { database, ownership } = this.#deps;
    const { row } = turn;
    const change = registryChange(row.state, to);
    if (Object.keys(change).length === 0) {
      return await ownership.transaction(database, WHAT, (tx) => this.#keep(tx, turn, { heard, to }));
    }
    await this.#saveWithRegistry(turn, { heard, to, change });
  }

  async #saveWithRegistry(
    turn: Turn,
    { heard, to, change }: { heard: Heard; to: RotationState; change: RegistryChange },
  ): Promise<void> {
    const { vault, ownership, clock } = this.#deps;
    const { row, logins } = turn;
    await this.#sync.commitAll([row.device], async (tx) => {
      await ownership.hold(tx, WHAT);
      const position = await lockPosition(tx, row.device);
      const atMs = clock.nowMs();
      // With the way that is taken from now on: the new account has its name from it.
      const next = { ...logins, ...bothLogins(vault, { ...row, state: 'way' in to ? to : row.state }) };
      if (!position || !isReachedBy(vault, position, logins)) {
        if (position) await changeLogin(tx, vault, { position, logins: next, change: { held: false }, atMs });
        await this.#keep(tx, turn, { heard, to: OVERTAKEN });
      } else {
        await changeLogin(tx, vault, { position, logins: next, change, atMs });
        await this.#keep(tx, turn, { heard, to });
      }
      const device = position && (await findDevice(tx, ownArea(row.caller), row.device));
      return { changed: device ? [{ device }] : [], result: undefined };
    });
  }

  async #keep(
    tx: Tables,
    { row, logins, tookMs = 0 }: Turn,
    { heard, to }: { heard: Heard; to: RotationState },
  ): Promise<void> {
    const { vault, clock } = this.#deps;
    const atMs = clock.nowMs();
    const found = stepOf(row.state, heard, to);
    const steps: CheckStep[] = found ? [...row.steps, { ...found, tookMs }] : row.steps;
    const isOver = to.at === 'ended';
    const rests = to.at === 'finding' && to.rests;
    const wasResting = row.state.at === 'finding' && row.state.rests;
    const restUntilMs = rests ? (wasResting ? row.rest_until_ms : atMs + REST_MS) : null;
    await tx
      .tables<LoginTables>()
      .updateTable('login_rotation')
      .set({ state: jsonb(to), steps: jsonb(steps), rest_until_ms: restUntilMs })
      .set(isOver ? { ended_ms: atMs, old_login: '', new_password: '' } : {})
      .where('id', '=', row.id)
      .execute();
    if (!isOver) return;
    // Of a change that did not come about, the new one is kept as well: a camera may have taken it after all.
    const kept = to.outcome === 'changed' ? [logins.old] : [logins.new, logins.old];
    if (row.state.at !== 'planned') await keepLogins(tx, vault, { device: row.device, logins: kept, atMs });
    await this.#audit(tx, row, to, atMs);
  }

  async #audit(
    tx: Tables,
    { device, caller, id }: RotationRow,
    { outcome, problem }: Extract<RotationState, { at: 'ended' }>,
    atMs: number,
  ): Promise<void> {
    const position = await positionOf(tx, device);
    const jurisdiction = position?.jurisdiction ?? caller.jurisdiction;
    const after = { rotation: id, outcome, problem };
    const subject = `device/${device}`;
    await recordAudit(tx, { caller, action: 'login.rotated', subject, jurisdiction, after, atMs });
  }
}

type Position = RegistryTables['position'];

const RESUMED: Heard = { type: 'resumed' };
const OVERTAKEN: RotationState = { at: 'ended', outcome: 'unchanged', problem: 'overtaken' };

async function positionOf(tables: Tables, id: DeviceId): Promise<Position | undefined> {
  const positions = tables.tables<RegistryTables>().selectFrom('position').selectAll();
  return await positions.where('id', '=', id).where('state', '!=', 'retired').executeTakeFirst();
}
