import type { AlertView } from '../../../../src/alerts/desk/alert.ts';
import { Gateway } from '../../gateway/gateway.ts';
import type { Owner } from '../../services/services.ts';
import { lentInflux, lentServices } from '../../services/shared-database.ts';
import { lasts } from '../../time/lasting.ts';
import { until } from '../../time/until.ts';
import { RECEIVER_NETWORKS, WebhookReceiver } from '../webhook-receiver.ts';

const DISTRICT = '330203';
const BUTTON = 'sos-1';
const RULE = 'camera-offline';
const AT_ONCE = 16;
const PAGE = 500;
/** What its rule allows each camera to be silent, and as long again for a busy machine. */
const DARK_MS = 240_000;

export interface DarkOrder {
  cameras: number;
  /** All of them are heard for the last time within this. */
  withinMs: number;
  /** So many are known to be dark when somebody calls for help. */
  sosAfter: number;
  /** Silence after which the rule for cameras fires; as its file says when absent. */
  silentS?: number;
}

/** What came of it. */
export interface Darkness {
  /** Every alert that a camera is offline. */
  alerts: AlertView[];
  /** The one that stands for others. */
  leader: AlertView;
  /** From the press of the button to its receipt at the command centre. */
  sosMs: number;
  /** Alerts of cameras that were written after the call for help was received. */
  after: number;
  /** What the desks of the district were told, by `type rule`, in its order. */
  messages: Record<'police' | 'maintenance', string[]>;
}

/**
 * A district whose cameras are heard for the last time within seconds, before a gateway of its own, and a person who
 * calls for help while they are found dark. The police desk and the maintenance desk each have a receiver.
 */
export class DarkDistrict {
  readonly #gateway: Gateway;
  readonly #order: DarkOrder;
  readonly #police: WebhookReceiver;
  readonly #maintenance: WebhookReceiver;

  private constructor(gateway: Gateway, order: DarkOrder, desks: Record<'police' | 'maintenance', WebhookReceiver>) {
    this.#gateway = gateway;
    this.#order = order;
    this.#police = desks.police;
    this.#maintenance = desks.maintenance;
  }

  static async open(t: Owner, order: DarkOrder): Promise<DarkDistrict> {
    const gateway = await Gateway.start(t, {
      ...(await lentServices(t)),
      ...lentInflux(t),
      CITYWATCH_WEBHOOK_NETWORKS: RECEIVER_NETWORKS,
    });
    if (order.silentS !== undefined) await shortenRule(gateway, order.silentS);
    const jurisdiction = DISTRICT;
    const police = await WebhookReceiver.subscribe(t, gateway, { name: 'police', jurisdiction });
    const classes = ['fault', 'system'];
    const maintenance = await WebhookReceiver.subscribe(t, gateway, { name: 'maintenance', jurisdiction, classes });
    return new DarkDistrict(gateway, order, { police, maintenance });
  }

  /** Resolves when every alert is written and `isTold` says that the one that stands for the others was told so. */
  async goDark(isTold: (count: number, leader: AlertView) => boolean): Promise<Darkness> {
    const secret = await this.#gateway.register({ id: BUTTON, kind: 'sos-button' });
    await this.#hearEachOnce();
    await this.#untilDark(this.#order.sosAfter);
    const pressedMs = Date.now();
    const body = { ts: pressedMs, id: 'pressed', type: 'sos', data: { button: 'help' } };
    const path = `/devices/${BUTTON}/events`;
    const { status, text } = await this.#gateway.api('POST', path, { body, token: `${BUTTON}:${secret}` });
    if (status !== 202) throw new Error(`the call for help was answered ${status}: ${text}`);
    const isSos = ({ alert }: { alert: { rule: string } }) => alert.rule.startsWith('sos-pressed@');
    const sos = await until('the call for help is received', () => this.#police.taken.find(isSos));
    await this.#untilDark(this.#order.cameras);
    const leader = await until('the desk was told how many there are', () => this.#toldLeader(isTold));
    await this.#untilNothingWaits();
    const alerts = await this.#all();
    return {
      alerts,
      leader,
      sosMs: sos.atMs - pressedMs,
      after: alerts.filter(({ stamps }) => Date.parse(stamps.committedAt) > sos.atMs).length,
      messages: { police: saidTo(this.#police), maintenance: saidTo(this.#maintenance) },
    };
  }

  /** Registered first, then heard at an even pace: that of the last one is the length of the storm. */
  async #hearEachOnce(): Promise<void> {
    const { cameras, withinMs } = this.#order;
    const secrets = new Map<string, string>();
    const ids = Array.from({ length: cameras }, (_, n) => `cam-${n}`);
    await inTurns(ids, async (id) => {
      secrets.set(id, await this.#gateway.register({ id, kind: 'camera' }));
    });
    const startMs = performance.now();
    await inTurns([...ids.entries()], async ([n, id]) => {
      const dueMs = startMs + (n * withinMs) / cameras;
      if (dueMs > performance.now()) await lasts(dueMs - performance.now());
      const token = `${id}:${secrets.get(id)}`;
      const body = { values: { online: true } };
      const { status, text } = await this.#gateway.api('POST', `/devices/${id}/telemetry`, { token, body });
      if (status !== 202) throw new Error(`${id} was answered ${status}: ${text}`);
    });
  }

  async #untilDark(count: number): Promise<void> {
    const path = `/alerts/counts?rule=${RULE}`;
    await until(`${count} are dark`, async () => (await this.#gateway.get(path)).all >= count, DARK_MS);
  }

  async #toldLeader(isTold: (count: number, leader: AlertView) => boolean): Promise<AlertView | null> {
    const told = this.#maintenance.taken.map(({ alert }) => alert as unknown as AlertView);
    const leader = told.findLast(({ stormCount }) => stormCount > 0);
    return leader && isTold(leader.stormCount, leader) ? leader : null;
  }

  async #untilNothingWaits(): Promise<void> {
    await until('nothing waits', async () => {
      const { items } = await this.#gateway.get('/subscriptions');
      return items.every(({ counts }: { counts: { waiting: number } }) => counts.waiting === 0);
    });
  }

  async #all(): Promise<AlertView[]> {
    const all: AlertView[] = [];
    for (let cursor = ''; ; ) {
      const { items, next } = await this.#gateway.get(`/alerts?rule=${RULE}&limit=${PAGE}${cursor}`);
      all.push(...items);
      if (!next) return all;
      cursor = `&cursor=${encodeURIComponent(next)}`;
    }
  }
}

function saidTo({ taken }: WebhookReceiver): string[] {
  return taken.map(({ type, alert }) => `${type} ${alert.rule.split('@')[0]}`);
}

async function shortenRule(gateway: Gateway, silentS: number): Promise<void> {
  const yaml = `
rule: ${RULE}
version: 1000
title: { en: Camera is offline, zh: 摄像机离线 }
severity: moderate
class: fault
work_order: false
kinds: [camera]
condition: { type: absence, silent_for_s: ${silentS} }
`;
  const body = { yaml, reason: 'a test does not wait for half a minute' };
  const { status, text } = await gateway.api('POST', '/rules', { body });
  if (status !== 201) throw new Error(`the rule was answered ${status}: ${text}`);
}

async function inTurns<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async () => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await run(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
