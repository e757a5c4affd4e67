import { signal } from '@preact/signals';
import { ApiError, get } from '../api.ts';
import { isRemembered, noticeEnd, whoIs } from '../session.ts';
import { pause } from '../ticker.ts';
import type { OrderDetail, WholeDevice } from '../types.ts';
import { db } from './kept/db.ts';
import type { KeptDevice, KeptOrder } from './kept/kept.ts';
import { notePerson } from './kept/person.ts';
import { isPageKept } from './shell/versions.ts';

const AGAIN_MS = 30_000;
/** While the gateway does not answer. */
const RETRY_MS = 10_000;
/** Orders that are kept at a time; the one that was read longest ago goes first. */
const KEPT_MAX = 20;
const CLOSED = ['verified', 'cancelled'];

/** One work order, from what this device keeps of it and from the gateway. */
export class OpenOrder {
  readonly number: string;
  readonly kept = signal<KeptOrder | null>(null);
  /** The gateway does not have it, or not for this person. */
  readonly isGone = signal(false);
  /** The gateway did not answer when it was read last. */
  readonly isOld = signal(false);
  /** What this device keeps of it was looked for. */
  readonly isLookedFor = signal(false);
  /** It can be worked on without network: it, who works on it, and the page are on this device. */
  readonly isReady = signal(false);
  readonly #owner: string;

  constructor(number: string) {
    this.number = number;
    this.#owner = whoIs.value ?? '';
  }

  /** Keeps it in step until `signal` is aborted. */
  async follow(signal: AbortSignal): Promise<void> {
    await this.lookAgain();
    while (!signal.aborted) {
      await this.read(signal);
      await pause(this.isOld.value ? RETRY_MS : AGAIN_MS, signal).catch(() => undefined);
    }
  }

  /** Takes over what stands on this device by now. */
  async lookAgain(): Promise<void> {
    const kept = await db.order(this.#owner, this.number).catch(() => null);
    if (kept) this.kept.value = kept;
    this.isLookedFor.value = true;
  }

  /**
   * Reads it from the gateway. While something of it waits it stays as its owner saw it: what others changed is told
   * when that is sent, with both sides.
   */
  async read(signal: AbortSignal): Promise<void> {
    if (isRemembered.value) {
      this.isOld.value = true;
      return;
    }
    try {
      const order = await get<OrderDetail>(`/orders/${encodeURIComponent(this.number)}`, signal);
      const device = keptDevice(await get<WholeDevice>(`/devices/${encodeURIComponent(order.device)}`, signal));
      this.isGone.value = false;
      this.isOld.value = false;
      await this.#take(order, device);
    } catch (error) {
      if (signal.aborted) return;
      noticeEnd(error);
      const status = error instanceof ApiError ? error.status : 0;
      this.isGone.value = status === 404 || status === 403 || status === 400;
      this.isOld.value = !this.isGone.value;
    }
  }

  /** Notes that the label at the place was read. */
  async labelRead(): Promise<void> {
    await this.lookAgain();
    const { value } = this.kept;
    if (!value) return;
    this.kept.value = { ...value, labelAtMs: Date.now() };
    await db.putOrder(this.kept.value).catch(() => undefined);
  }

  async #take(order: OrderDetail, device: KeptDevice): Promise<void> {
    await this.lookAgain();
    const known = this.kept.value;
    // Whoever signed out meanwhile keeps nothing any more.
    if (whoIs.value !== this.#owner) return;
    const { labelAtMs = null, check = null } = known ?? {};
    const { number } = this;
    await this.#keep({ owner: this.#owner, number, order, device, keptAtMs: Date.now(), labelAtMs, check });
    await notePerson();
    if (!this.isReady.value) void isPageKept().then((isKept) => this.#tellReady(isKept));
  }

  async #tellReady(isPageKept: boolean): Promise<void> {
    const [kept, person] = await Promise.all([db.order(this.#owner, this.number), db.person()]).catch(() => []);
    this.isReady.value = isPageKept && kept !== null && person !== null && kept !== undefined;
  }

  async #keep(kept: KeptOrder): Promise<void> {
    const isClosed = CLOSED.includes(kept.order.state);
    // Where the browser keeps nothing, the page shows it as long as it is open.
    if (!(await db.takeOrder(kept, isClosed).catch(() => true))) return;
    this.kept.value = kept;
    if (!isClosed) await leaveRoom(kept.owner).catch(() => undefined);
  }
}

async function leaveRoom(owner: string): Promise<void> {
  const all = (await db.orders(owner)).sort((one, other) => other.keptAtMs - one.keptAtMs);
  const needed = new Set((await db.entries(owner)).map(({ order }) => order));
  for (const old of all.slice(KEPT_MAX)) if (!needed.has(old.number)) await db.removeOrder(old);
}

function keptDevice({ id, name, kind, jurisdiction, location, unit, file }: WholeDevice): KeptDevice {
  return { id, name, kind, jurisdiction, location, unit, address: file.address ?? null, pole: file.pole ?? null };
}
