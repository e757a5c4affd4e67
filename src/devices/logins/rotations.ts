import { randomUUID } from 'node:crypto';
import { type Clock, DAY_MS, MINUTE_MS, toRfc3339 } from '../../core/clock.ts';
import { CitywatchError } from '../../core/errors.ts';
import { ownArea } from '../../core/jurisdiction.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import { type Database, jsonb, type Tables, withinJurisdiction } from '../../platform/database/database.ts';
import { recordAudit } from '../../platform/records/audit.ts';
import type { Vault } from '../../platform/secrets/vault.ts';
import { enqueueWork } from '../../platform/work/work.ts';
import { knownUnit } from '../cameras/units.ts';
import type { CheckStep } from '../checks/steps.ts';
import { openOnvif } from '../registry/connections.ts';
import type { RegistryTables } from '../registry/tables.ts';
import { newPassword, passwordRule } from './password.ts';
import type { SharedLogins, Sharing } from './shared.ts';
import type { RotationOutcome, RotationPlan, RotationState } from './steps.ts';
import { ownerOf } from './store.ts';
import type { LoginTables, RotationRow } from './tables.ts';

export const ROTATIONS_QUEUE = 'logins';

/** Makers forget wrong logins after half an hour at the latest. */
const FORGOTTEN_MS = 31 * MINUTE_MS;
const LATELY_MAX = 2;
/** What was found is kept so long; audit rows stay. */
const KEPT_MS = 400 * DAY_MS;

export interface RotationsDeps {
  database: Database;
  clock: Clock;
  vault: Vault;
  shared: SharedLogins;
  /** Whether another unit than the registered one answers at a camera's address. */
  isOther(device: DeviceId): boolean;
  /** After a commit: there is work in this queue. */
  ring(queue: string): void;
}

/** A change of a login, as it is shown: no login in it. */
export interface RotationView {
  id: string;
  device: DeviceId;
  /** `running` also while the camera is away. */
  state: 'running' | RotationOutcome;
  /** A word for programs; null where all went well, or it goes on. */
  problem: string | null;
  steps: CheckStep[];
  by: string;
  beganMs: number;
  endedMs: number | null;
}

/** Why a login is not changed, in a word and a sentence. */
export interface Refusal {
  problem: string;
  detail: string;
}

/** Changes of cameras' logins: begun and looked at. Who leads them is `RotationRun`. */
export class LoginRotations {
  readonly #deps: RotationsDeps;

  constructor(deps: RotationsDeps) {
    this.#deps = deps;
  }

  /** Begins. Errors: `not-found`, `conflict.state` where it must not be changed, or is being changed. */
  async begin(caller: Caller, device: DeviceId, account: RotationPlan['account']): Promise<RotationView> {
    const begun = await this.tryBegin(caller, device, { account });
    if ('detail' in begun) throw new CitywatchError('conflict.state', { detail: begun.detail });
    return begun;
  }

  /**
   * As {@link begin}, where a refusal is no error. One that is under way is refused as `under-way`. Whoever leads it
   * says after how many ms the queue takes it up, should that come to nothing.
   */
  async tryBegin(
    caller: Caller,
    device: DeviceId,
    { account, afterMs = 0 }: { account: RotationPlan['account']; afterMs?: number },
  ): Promise<RotationView | Refusal> {
    const { database, ring } = this.#deps;
    const begun = await database.transaction(async (tx) => {
      const locked = tx
        .tables<RegistryTables>()
        .selectFrom('position')
        .selectAll()
        .where('id', '=', device)
        .forUpdate();
      const position = await withinJurisdiction(locked, 'jurisdiction', ownArea(caller)).executeTakeFirst();
      if (!position) throw new CitywatchError('not-found');
      const refusal = await this.#refusal(tx, caller, position);
      return refusal ?? (await this.#insert(tx, caller, { position, account, afterMs }));
    });
    if ('detail' in begun) return begun;
    if (afterMs === 0) ring(ROTATIONS_QUEUE);
    return viewOf(begun);
  }

  /** The last change of a device's login; null where there was none. Whether it may be seen was decided before. */
  async last(device: DeviceId): Promise<RotationView | null> {
    const rows = this.#deps.database.tables<LoginTables>().selectFrom('login_rotation').selectAll();
    const last = rows.where('device', '=', device).orderBy('began_ms', 'desc').orderBy('id').limit(1);
    const row = await last.executeTakeFirst();
    return row ? viewOf(row) : null;
  }

  /** Deletes what is too old; returns how many, so that the caller may go on. No login is in it any more. */
  async prune(nowMs: number): Promise<number> {
    const old = this.#deps.database.tables<LoginTables>().deleteFrom('login_rotation');
    const gone = await old.where('ended_ms', '<', nowMs - KEPT_MS).executeTakeFirst();
    return Number(gone.numDeletedRows);
  }

  async #refusal(tx: Tables, caller: Caller, position: RegistryTables['position']): Promise<Refusal | null> {
    const { id, state, onvif } = position;
    if (state === 'retired' || state === 'planned') {
      return {
        problem: 'not-there',
        detail: `The device is ${state}: nothing hangs there whose login could be changed.`,
      };
    }
    if (!onvif) {
      const detail =
        'It has no ONVIF address: change the password in its own page, then in the registry. A device with a secret ' +
        'of ours gets a new one by {"of":"secret"}, or npx citywatch rotate ID --secret.';
      return { problem: 'no-address', detail };
    }
    if (await isUnderWay(tx, id)) return { problem: 'under-way', detail: 'Its login is being changed already.' };
    const tooOften = await this.#tooOften(tx, id);
    if (tooOften) return tooOften;
    if (this.#deps.isOther(id)) {
      const detail =
        'Another unit than the registered one answers: accept it as the new unit first, or mend the address.';
      return { problem: 'other-unit', detail };
    }
    const sharing = await this.#deps.shared.sharedWith(tx, id);
    if (!sharing) return null;
    const named = await visible(tx, caller, sharing.with);
    return { problem: 'shared-login', detail: sharedDetail({ ...sharing, with: named }) };
  }

  /** Each change costs a wrong login, or two where it was cut off. */
  async #tooOften(tx: Tables, device: DeviceId): Promise<Refusal | null> {
    const sinceMs = this.#deps.clock.nowMs() - FORGOTTEN_MS;
    const rows = tx.tables<LoginTables>().selectFrom('login_rotation').selectAll().where('device', '=', device);
    const all = await rows.where('began_ms', '>', sinceMs).orderBy('began_ms').execute();
    const lately = all.filter(({ state }) => sentWrong(state));
    if (lately.length < LATELY_MAX) return null;
    const until = toRfc3339(lately.at(-LATELY_MAX)!.began_ms + FORGOTTEN_MS);
    const detail = `Its login was changed ${LATELY_MAX} times in half an hour, and cameras count: wait until ${until}.`;
    return { problem: 'too-often', detail };
  }

  async #insert(
    tx: Tables,
    caller: Caller,
    {
      position,
      account,
      afterMs,
    }: { position: RegistryTables['position']; account: RotationPlan['account']; afterMs: number },
  ): Promise<RotationRow> {
    const { clock, vault } = this.#deps;
    const { id: device, jurisdiction } = position;
    const { username, password } = openOnvif(vault, device, position.onvif!);
    const id = randomUUID();
    const maker = (await knownUnit(tx, device))?.maker ?? null;
    const plan = { account, username };
    const atMs = clock.nowMs();
    const row: RotationRow = {
      id,
      device,
      caller,
      plan,
      old_login: vault.seal(JSON.stringify({ username, password }), ownerOf(id)),
      new_password: vault.seal(newPassword(passwordRule(maker), username), ownerOf(id)),
      state: { at: 'planned' },
      steps: [],
      rest_until_ms: null,
      began_ms: atMs,
      ended_ms: null,
    };
    const stored = { ...row, caller: jsonb(caller), plan: jsonb(plan), state: jsonb(row.state), steps: jsonb([]) };
    await tx.tables<LoginTables>().insertInto('login_rotation').values(stored).execute();
    await enqueueWork(tx, clock, [{ queue: ROTATIONS_QUEUE, key: id, dueAtMs: atMs + afterMs }]);
    const after = { rotation: id, account };
    const subject = `device/${device}`;
    await recordAudit(tx, { caller, action: 'login.rotate', subject, jurisdiction, after, atMs });
    return row;
  }
}

/** Whether a wrong login may have been sent: not where the camera could not even be asked. */
function sentWrong(state: RotationState): boolean {
  return state.at !== 'ended' || state.outcome !== 'unchanged' || state.problem === 'auth';
}

async function isUnderWay(tx: Tables, device: DeviceId): Promise<boolean> {
  const rows = tx.tables<LoginTables>().selectFrom('login_rotation').select('id').where('device', '=', device);
  return (await rows.where('ended_ms', 'is', null).executeTakeFirst()) !== undefined;
}

/** Those of some devices that the caller may hear of. */
async function visible(tx: Tables, caller: Caller, ids: readonly DeviceId[]): Promise<DeviceId[]> {
  if (ids.length === 0) return [];
  const all = tx.tables<RegistryTables>().selectFrom('position').select('id').where('id', 'in', ids).orderBy('id');
  return (await withinJurisdiction(all, 'jurisdiction', ownArea(caller)).execute()).map(({ id }) => id);
}

const SHARED: Readonly<Record<Sharing['how'], string>> = {
  file: 'Its file says that a recorder or a platform uses its login as well (loginShared)',
  recorder: 'It belongs to a recorder that logs in by the same account',
  address: 'Other devices are reached at the same place by the same login',
};

function sharedDetail({ how, with: others }: Sharing): string {
  const named = others.length > 0 ? ` (${others.join(', ')})` : '';
  return `${SHARED[how]}${named}: a new password would lock it out. Change it there by hand.`;
}

export function viewOf({ id, device, caller, state, steps, began_ms, ended_ms }: RotationRow): RotationView {
  const isOver = state.at === 'ended';
  return {
    id,
    device,
    state: isOver ? state.outcome : 'running',
    problem: isOver ? state.problem : null,
    steps,
    by: caller.name,
    beganMs: began_ms,
    endedMs: ended_ms,
  };
}
