import { type GatewayClient, GatewayError } from '../gateway-client.ts';
import type { CameraDoor } from './cameras/camera-set.ts';
import type { Citizen } from './city.ts';

/** Devices that are registered with one request. */
const BATCH = 200;
const AT_ONCE = 4;
const WATCHED_FOR_MS = 7 * 86_400_000;

interface Made {
  id: string | null;
  version?: number;
  secret?: string;
  problem?: { code: string; detail?: string };
}

interface Listed {
  id: string;
  name: string;
  version?: number;
}

/**
 * What a simulated city has at a gateway, all of it under one prefix: made by the public API, and removed by it, also
 * by a later process that knows nothing but the prefix.
 */
export class Provision {
  readonly #gateway: GatewayClient;
  readonly #prefix: string;

  constructor(gateway: GatewayClient, prefix: string) {
    this.#gateway = gateway;
    this.#prefix = prefix;
  }

  /**
   * Registers all devices, parents first; resolves with their secrets by id. Throws at the first one that is refused:
   * what was made until then is for {@link clean}.
   */
  async register(
    citizens: readonly Citizen[],
    told: (done: number) => void,
    doors: ReadonlyMap<string, CameraDoor> = new Map(),
  ): Promise<Map<string, string>> {
    const secrets = new Map<string, string>();
    const parents = new Set(citizens.flatMap(({ parent }) => parent ?? []));
    const isParent = ({ sender }: Citizen): boolean => parents.has(sender.being.id);
    for (const some of [citizens.filter(isParent), citizens.filter((one) => !isParent(one))]) {
      const batches = chunks(some, BATCH);
      await inTurns(batches, async (batch) => {
        const { body } = await this.#gateway.call('POST', '/devices/batch', {
          devices: batch.map((one) => deviceOf(one, doors)),
        });
        for (const { id, secret, problem } of (body as { items: Made[] }).items) {
          if (problem)
            throw new Error(`${id ?? 'a device'} was refused: ${problem.code} ${problem.detail ?? ''}`.trim());
          if (id && secret) secrets.set(id, secret);
        }
        told(secrets.size);
      });
    }
    return secrets;
  }

  /** Has plates looked for, in one list of the city's own. */
  async watch(plates: readonly string[], jurisdiction: string): Promise<void> {
    if (plates.length === 0) return;
    const validUntil = new Date(Date.now() + WATCHED_FOR_MS).toISOString();
    const entries = plates.map((plate) => ({ plate, reason: 'simulated', validUntil }));
    const about = { name: `${this.#prefix} watchlist`, reason: 'a simulated city', case: 'SIM-0001', jurisdiction };
    await this.#gateway.call('POST', '/watchlists', { ...about, entries });
  }

  /** Has all alerts but those of the gateway itself sent to `url`; resolves with the secret that signs them. */
  async subscribe(url: string, jurisdiction: string): Promise<string> {
    const body = { name: `${this.#prefix} centre`, url, jurisdiction, classes: ['incident', 'fault'] };
    return ((await this.#gateway.call('POST', '/subscriptions', body)).body as { secret: string }).secret;
  }

  /** A token of the run's own, which can read and nothing else. */
  async readToken(jurisdiction: string): Promise<string> {
    const body = { name: `${this.#prefix} reader`, role: 'viewer', jurisdiction, purpose: 'simulated city' };
    return ((await this.#gateway.call('POST', '/tokens', body)).body as { token: string }).token;
  }

  /**
   * Ends all that stands under the prefix: devices are retired, tokens revoked, subscriptions and watchlists ended.
   * Resolves with how much of it there was, and with what is left behind and why.
   */
  async clean(): Promise<{ removed: number; left: string[] }> {
    const left: string[] = [];
    let removed = 0;
    const remove = async (path: string, version: number): Promise<void> => {
      try {
        await this.#remove(path, version);
        removed += 1;
      } catch (error) {
        left.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    for (const path of ['/subscriptions', '/watchlists', '/tokens']) {
      const found = await this.#listed(path);
      await inTurns(found, ({ id, version }) => remove(`${path}/${id}`, version ?? 1));
    }
    const devices = await this.#devices();
    // A device that others hang on goes after them.
    for (const isParent of [false, true]) {
      const some = devices.filter((device) => device.isParent === isParent);
      await inTurns(some, ({ id, version }) => remove(`/devices/${id}`, version));
    }
    return { removed, left };
  }

  async #remove(path: string, version: number): Promise<void> {
    try {
      await this.#gateway.call('DELETE', path, undefined, { 'if-match': `"${version}"` });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      if (error.status === 404) return;
      if (error.status !== 412) throw error;
      const { etag } = await this.#gateway.call('GET', path);
      await this.#gateway.call('DELETE', path, undefined, { 'if-match': etag ?? '' });
    }
  }

  async #listed(path: string): Promise<Listed[]> {
    const { items } = (await this.#gateway.call('GET', path)).body as { items: (Listed & Ended)[] };
    return items.filter(({ name, revokedAt, state }) => {
      return name.startsWith(`${this.#prefix} `) && !revokedAt && state !== 'removed';
    });
  }

  async #devices(): Promise<{ id: string; version: number; isParent: boolean }[]> {
    const found: { id: string; version: number; parent: string | null; state: string }[] = [];
    let cursor: string | undefined;
    do {
      // All pages, not a search: what is left behind because a search did not find it would be left for good.
      const query = new URLSearchParams({ limit: '500' });
      if (cursor !== undefined) query.set('cursor', cursor);
      const { items, next } = (await this.#gateway.call('GET', `/devices?${query}`)).body as {
        items: typeof found;
        next?: string;
      };
      found.push(...items);
      cursor = next;
    } while (cursor !== undefined);
    const parents = new Set(found.map(({ parent }) => parent));
    return found
      .filter(({ id, state }) => id.startsWith(this.#prefix) && state !== 'retired')
      .map(({ id, version }) => ({ id, version, isParent: parents.has(id) }));
  }
}

interface Ended {
  revokedAt?: string | null;
  state?: string;
}

function deviceOf(
  { sender: { being, model }, name, district, parent }: Citizen,
  doors: ReadonlyMap<string, CameraDoor>,
) {
  const { id, lat, lon } = being;
  const door = doors.get(id);
  const place = { id, kind: model.kind, name, jurisdiction: district, location: { lat, lon } };
  const device = door ? { ...place, onvif: door } : place;
  return parent === null ? device : { ...device, parent };
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  const found: Item[][] = [];
  for (let at = 0; at < items.length; at += size) found.push(items.slice(at, at + size));
  return found;
}

async function inTurns<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
