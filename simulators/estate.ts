import { type GatewayClient, GatewayError, type NewDevice } from './gateway-client.ts';

export interface EstateDeps {
  gateway: GatewayClient;
  /** Take devices, subscriptions and watchlists of the same name over, instead of refusing to begin. */
  takeOver: boolean;
  warn(text: string): void;
}

/** Lists that a city puts something into, by name. */
export type ListPath = '/subscriptions' | '/watchlists';

const AT_ONCE = 4;

/** What a city has at the gateway. It touches nothing that was there before, unless told to, and clears up its own. */
export class Estate {
  readonly #deps: EstateDeps;
  readonly #lists: { path: string; etag: string }[] = [];
  readonly #devices: { id: string; isCamera: boolean }[] = [];
  readonly #pending = new Set<Promise<unknown>>();
  #closed = false;

  constructor(deps: EstateDeps) {
    this.#deps = deps;
  }

  /** Throws, before anything is changed, when one of these is there already and may not be taken over. */
  async refuseTaken(devices: readonly string[], lists: readonly { path: ListPath; name: string }[]): Promise<void> {
    const { gateway, takeOver } = this.#deps;
    if (takeOver) return;
    await inTurns(devices, async (id) => {
      const found = await gateway.call('GET', `/devices/${id}`).catch(nullIfAbsent);
      if (found) throw taken(`the device ${id}`);
    });
    for (const { path, name } of lists) {
      if ((await this.#named(path, name)).length > 0) throw taken(`${name} in ${path}`);
    }
  }

  /** Registers a device, or takes it over: then it gets a new secret, a camera its new address. */
  device(device: NewDevice): Promise<{ secret: string; existed: boolean }> {
    return this.#track(async () => {
      const { gateway, takeOver } = this.#deps;
      try {
        const { secret } = (await gateway.call('POST', '/devices', device)).body as { secret: string };
        this.#devices.push({ id: device.id, isCamera: device.onvif !== undefined });
        return { secret, existed: false };
      } catch (error) {
        if (!(error instanceof GatewayError && error.code === 'conflict.exists')) throw error;
        if (!takeOver) throw taken(`the device ${device.id}`);
      }
      return { secret: await gateway.takeOver(device), existed: true };
    });
  }

  /** Puts an entry into a list; where it is taken over, one of the same name goes first. */
  entry(path: ListPath, body: { name: string } & Record<string, unknown>): Promise<unknown> {
    return this.#track(async () => {
      const { gateway, takeOver } = this.#deps;
      const before = takeOver ? await this.#named(path, body.name) : [];
      for (const { id, version } of before) {
        await gateway.call('DELETE', `${path}/${id}`, undefined, { 'if-match': `"${version ?? 1}"` });
      }
      const made = await gateway.call('POST', path, body);
      const { id, version } = made.body as { id: string; version?: number };
      this.#lists.push({ path: `${path}/${id}`, etag: made.etag ?? `"${version ?? 1}"` });
      return made.body;
    });
  }

  /** Removes what this city made, also while it is still being made; what it took over stays. */
  async clear(): Promise<number> {
    this.#closed = true;
    await Promise.allSettled(this.#pending);
    const lists = this.#lists.splice(0);
    const devices = this.#devices.splice(0);
    const remove = async (path: string, etag?: string): Promise<void> => {
      try {
        const { gateway } = this.#deps;
        const version = etag ?? (await gateway.call('GET', path)).etag ?? '"1"';
        await gateway.call('DELETE', path, undefined, { 'if-match': version });
      } catch (error) {
        this.#deps.warn(`${path} is left behind: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    await inTurns(lists, ({ path, etag }) => remove(path, etag));
    // Cameras last: others name them.
    for (const isCamera of [false, true]) {
      const some = devices.filter((device) => device.isCamera === isCamera);
      await inTurns(some, ({ id }) => remove(`/devices/${id}`));
    }
    return lists.length + devices.length;
  }

  async #named(path: ListPath, name: string): Promise<{ id: string; version?: number }[]> {
    const { items } = (await this.#deps.gateway.call('GET', path)).body as {
      items?: { id: string; name: string; version?: number }[];
    };
    return (items ?? []).filter((item) => item.name === name);
  }

  async #track<Result>(run: () => Promise<Result>): Promise<Result> {
    if (this.#closed) throw new Error('the city is being stopped');
    const running = run();
    this.#pending.add(running);
    try {
      return await running;
    } finally {
      this.#pending.delete(running);
    }
  }
}

/** Runs `run` for each item, a few at a time. */
export async function inTurns<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function taken(what: string): Error {
  return new Error(`${what} is there already; give another --prefix, or --take-over to use it with new credentials`);
}

function nullIfAbsent(error: unknown): null {
  if (error instanceof GatewayError && error.status === 404) return null;
  throw error;
}
