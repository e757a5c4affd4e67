import { subnetOf } from '../../core/address-block.ts';
import type { Clock } from '../../core/clock.ts';
import type { Caller, DeviceId } from '../../core/types.ts';
import type { Database } from '../../platform/database/database.ts';
import type { CheckPlaces } from '../checks/check-places.ts';
import type { CheckReport } from '../checks/checks.ts';
import { bad, type CheckStep, worst } from '../checks/steps.ts';
import type { SecretChangeView } from '../doors/secret-change-rows.ts';
import type { SecretRefusal } from '../doors/secret-changes.ts';
import type { LoginRotations, RotationView } from './rotations.ts';
import type { RotationRun, TurnEnd } from './run.ts';
import type { LoginTables } from './tables.ts';

/** New secrets of devices that take them by command. */
export interface DistrictSecrets {
  /** Whether a device of this kind is told a new secret, and not given a new login. */
  takes(kind: string): boolean;
  tryBegin(caller: Caller, device: DeviceId): Promise<SecretChangeView | SecretRefusal>;
  last(device: DeviceId): Promise<SecretChangeView | null>;
  look(id: string): Promise<unknown>;
}

export interface RotationWorkerDeps {
  database: Database;
  clock: Clock;
  run: RotationRun;
  rotations: LoginRotations;
  secrets: DistrictSecrets;
  /** Shared with the checks: a subnet bears so much of both together. */
  places: Pick<CheckPlaces, 'wait'>;
}

/** The district that a device is changed with. */
interface InDistrict {
  signal: AbortSignal;
  /** When it was begun, Unix ms. */
  sinceMs: number;
}

/** Leads changes of logins as far as subnets bear it: of single devices, and of districts. */
export class RotationWorker {
  readonly #deps: RotationWorkerDeps;

  constructor(deps: RotationWorkerDeps) {
    this.#deps = deps;
  }

  /** Handler of the queue `logins`; the key is the id of a rotation. */
  async handle(id: string, signal: AbortSignal): Promise<TurnEnd> {
    const { places, run, database } = this.#deps;
    const rows = database.tables<LoginTables>().selectFrom('login_rotation').select('device').where('id', '=', id);
    const row = await rows.executeTakeFirst();
    if (!row) return { again: null };
    const leave = await places.wait(await this.#subnet(row.device), signal);
    return await run.turn(id, signal).finally(leave);
  }

  /**
   * Changes the login of a device of a district; resolves with what a report says of it. One that is away meanwhile
   * goes on by itself. A change that was begun is led on whatever becomes of the district; one that has ended since the
   * district was begun is told and not made again: a process that was killed may have left no word of it.
   */
  async ofDistrict(caller: Caller, device: DeviceId, { signal, sinceMs }: InDistrict): Promise<CheckReport> {
    const { places, secrets, rotations, clock } = this.#deps;
    const isTold = secrets.takes(await this.#kind(device));
    const last = await (isTold ? secrets : rotations).last(device);
    if (last && last.beganMs >= sinceMs && last.state !== 'running') return reportOf(last.steps, clock, 0);
    if (isTold) return await this.#tell(caller, device, signal);
    const leave = await places.wait(await this.#subnet(device), signal);
    return await this.#lead(caller, device, signal).finally(leave);
  }

  /** Waits for a device that is there; one that is away gets its secret when it comes. */
  async #tell(caller: Caller, device: DeviceId, signal: AbortSignal): Promise<CheckReport> {
    const { secrets, clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    const tookMs = (): number => Math.round(clock.monotonicMs() - beganMs);
    const begun = await secrets.tryBegin(caller, device);
    if ('detail' in begun && begun.problem !== 'under-way') return refused(begun, clock, tookMs());
    let view = (await secrets.last(device))!;
    while (view.state === 'running' && tookMs() < TOLD_WITHIN_MS) {
      await clock.sleep(LOOK_EVERY_MS, signal);
      await secrets.look(view.id);
      view = (await secrets.last(device))!;
    }
    return reportOf(view.state === 'running' ? [NOT_USED_YET] : view.steps, clock, tookMs());
  }

  async #kind(device: DeviceId): Promise<string> {
    const rows = this.#deps.database.tables<LoginTables>().selectFrom('position').select('kind');
    return (await rows.where('id', '=', device).executeTakeFirst())?.kind ?? '';
  }

  async #lead(caller: Caller, device: DeviceId, signal: AbortSignal): Promise<CheckReport> {
    const { rotations, clock, run } = this.#deps;
    const beganMs = clock.monotonicMs();
    const begun = await rotations.tryBegin(caller, device, { account: 'own', afterMs: TAKEN_UP_MS });
    const view = 'detail' in begun ? await this.#underWay(device, begun.problem) : begun;
    const tookMs = (): number => Math.round(clock.monotonicMs() - beganMs);
    if (!view && 'detail' in begun) {
      return refused(begun, clock, tookMs());
    }
    const end = await run.turn(view!.id, signal);
    const last = (await rotations.last(device))!;
    const steps = end.again === null ? last.steps : [...last.steps, WAITS];
    return reportOf(steps, clock, tookMs());
  }

  async #underWay(device: DeviceId, problem: string): Promise<RotationView | null> {
    return problem === 'under-way' ? await this.#deps.rotations.last(device) : null;
  }

  async #subnet(device: DeviceId): Promise<string> {
    const rows = this.#deps.database.tables<LoginTables>().selectFrom('position').select('onvif');
    const row = await rows.where('id', '=', device).executeTakeFirst();
    const xaddr = row?.onvif?.xaddr ?? '';
    return subnetOf(URL.canParse(xaddr) ? new URL(xaddr).hostname : '');
  }
}

/** Should the process end meanwhile, the queue goes on so long after. */
const TAKEN_UP_MS = 60_000;

/** A device that is there is told at once, and comes back some seconds later. */
const TOLD_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 500;

const NOT_USED_YET: CheckStep = {
  name: 'new-secret',
  ...bad(
    'warning',
    'waits',
    'It has not come with its new secret yet: it is told when it is there, and both are valid.',
  ),
  tookMs: 0,
};

function refused({ problem, detail }: { problem: string; detail: string }, clock: Clock, tookMs: number): CheckReport {
  return reportOf([{ name: 'login', ...bad('warning', problem, detail), tookMs: 0 }], clock, tookMs);
}

const WAITS: CheckStep = {
  name: 'new-login',
  ...bad('warning', 'waits', 'It does not answer: the change goes on by itself as soon as it does.'),
  tookMs: 0,
};

function reportOf(steps: CheckStep[], clock: Clock, tookMs: number): CheckReport {
  const grade = worst(steps);
  const cause = grade === 'ok' ? null : (steps.find((step) => step.grade === grade) ?? null);
  return { grade, cause, steps, atMs: clock.nowMs(), tookMs, unit: null };
}
