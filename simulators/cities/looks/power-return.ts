import { outageAt } from '../../devices/habits.ts';
import { type Befallen, line } from '../../fleet/ledger-lines.ts';
import type { GatewayClient } from '../../gateway-client.ts';
import type { SimulatedCity } from '../city.ts';

export interface PowerReturnDeps {
  /** May read health. */
  gateway: Pick<GatewayClient, 'call'>;
  ledger: { add(line: string): void };
  nowMs(): number;
  /** Resolves after so long, or when the signal says so. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** How long all devices of a district may take to be well again. */
  wellWithinMs: number;
}

interface Unwell {
  device: string;
  health: string;
  cause: string | null;
}

const LOOK_MS = 1_000;
const PAGE = 500;
const LEFT_MAX = 3;
const NEVER = new AbortController().signal;
/** A device that was away for its own reasons is not at once well again. */
const OWN_AFTER_MS = 60_000;

/**
 * Looks how soon, after the power of a district is back, the target shows all of its devices as well again: those that
 * were not before the cut, or are away by habit, do not count.
 */
export class PowerReturn {
  readonly #deps: PowerReturnDeps;
  readonly #stopping = new AbortController();
  #looks: Promise<void>[] = [];

  constructor(deps: PowerReturnDeps) {
    this.#deps = deps;
  }

  /** Resolves when all cuts are over and looked at. */
  async begin({ befallen, citizens }: Pick<SimulatedCity, 'befallen' | 'citizens'>): Promise<void> {
    const senders = new Map(citizens.map(({ sender }) => [sender.being.id, sender]));
    const isAway = (id: string): boolean => {
      const sender = senders.get(id);
      if (!sender) return true;
      const { being, habits } = sender;
      const nowMs = this.#deps.nowMs();
      return [nowMs - OWN_AFTER_MS, nowMs].some((atMs) => outageAt(being.seed, habits, atMs, []) !== null);
    };
    const cuts = befallen.filter(({ what }) => what === 'power-cut');
    this.#looks = cuts.map((cut) => this.#look(cut, isAway));
    await Promise.all(this.#looks);
  }

  /** Waits for what has ended, and no more for what would still begin. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#looks);
  }

  async #look({ what, district, fromMs, toMs }: Befallen, isAway: (id: string) => boolean): Promise<void> {
    const { ledger, nowMs, wellWithinMs } = this.#deps;
    if (district === null) return;
    await this.#until(fromMs - LOOK_MS);
    const before = await this.#unwell(district);
    await this.#until(toMs);
    if (nowMs() < toMs) return;
    for (let atMs = nowMs(); atMs <= toMs + wellWithinMs; atMs = nowMs()) {
      const unwell = await this.#unwell(district);
      if (before && unwell && [...unwell.keys()].every((id) => before.has(id) || isAway(id))) {
        ledger.add(line.healed({ what, endedMs: toMs, wellMs: nowMs(), left: [] }));
        return;
      }
      await this.#deps.pause(LOOK_MS, NEVER);
    }
    const left = [...((await this.#unwell(district)) ?? [])].filter(([id]) => !before?.has(id) && !isAway(id));
    const some = left.slice(0, LEFT_MAX).map(([id, why]) => `${id} is ${why}`);
    ledger.add(line.healed({ what, endedMs: toMs, wellMs: null, left: [`${left.length} devices`, ...some] }));
  }

  async #until(atMs: number): Promise<void> {
    await this.#deps.pause(Math.max(0, atMs - this.#deps.nowMs()), this.#stopping.signal);
  }

  /** How those are that are not well. Null where they are on several pages, or the target does not answer. */
  async #unwell(district: string): Promise<Map<string, string> | null> {
    const query = new URLSearchParams({ jurisdiction: district, limit: String(PAGE) });
    try {
      const { body } = await this.#deps.gateway.call('GET', `/devices/health?${query}`);
      const { items, next } = body as { items: Unwell[]; next?: string | null };
      return next ? null : new Map(items.map(({ device, health, cause }) => [device, `${health} (${cause})`]));
    } catch {
      return null;
    }
  }
}
