import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Authority } from '../../../src/access/authority.ts';
import { whoIsStillThere } from '../../../src/access/owners.ts';
import type { AlertBulkDeps } from '../../../src/alerts/bulk/alert-bulk.ts';
import type { AlertPlace } from '../../../src/alerts/desk/alert.ts';
import { AlertDesk, FINDINGS_KEYS_AT_ONCE } from '../../../src/alerts/desk/desk.ts';
import { AlertFeed } from '../../../src/alerts/desk/feed.ts';
import { AlertLog, type Committed } from '../../../src/alerts/desk/log.ts';
import { AlertQueries } from '../../../src/alerts/desk/queries.ts';
import { ALERT_ORDERS_QUEUE, DELIVERY_QUEUE, DESK_QUEUE, STAGE_QUEUE } from '../../../src/alerts/desk/queues.ts';
import { StageTimers } from '../../../src/alerts/desk/stage-timers.ts';
import type { AlertTables } from '../../../src/alerts/desk/tables.ts';
import { Opened } from '../../../src/alerts/evidence/opened.ts';
import { AlertOrders, type AlertOrdersDeps, type WorkOrdersPort } from '../../../src/alerts/orders/alert-orders.ts';
import { DELIVERIES_AT_ONCE, Delivery, type DeliveryDeps } from '../../../src/alerts/route/delivery.ts';
import type { Stage } from '../../../src/alerts/route/stages/stage.ts';
import { Subscriptions } from '../../../src/alerts/route/subscriptions.ts';
import { AlertPlates } from '../../../src/alerts/rules/plates.ts';
import type { SilencedDevices } from '../../../src/alerts/silences/silence.ts';
import type { SinkType } from '../../../src/alerts/sinks/sink.ts';
import { openSinks, SINKS, type SinkValues } from '../../../src/alerts/sinks/sinks.ts';
import { composeHandling, type HandlingDeps } from '../../../src/app/compose/alerts/handling.ts';
import { peopleWhoSee } from '../../../src/app/compose/alerts/people.ts';
import { WorkDays } from '../../../src/core/calendar/work-days.ts';
import { type Clock, systemClock } from '../../../src/core/clock.ts';
import { NATIONWIDE } from '../../../src/core/jurisdiction.ts';
import type { Observer } from '../../../src/core/observe.ts';
import type { Caller } from '../../../src/core/types.ts';
import { DATABASE_LIMITS, Database } from '../../../src/platform/database/database.ts';
import { databaseId } from '../../../src/platform/database/database-id.ts';
import { migrate } from '../../../src/platform/database/migrate.ts';
import { Outbound } from '../../../src/platform/outbound/outbound.ts';
import { AccessRegister } from '../../../src/platform/records/access-register.ts';
import { Seal } from '../../../src/platform/secrets/seal.ts';
import { Vault } from '../../../src/platform/secrets/vault.ts';
import { Doorbell } from '../../../src/platform/work/jobs.ts';
import { type Claim, LEFT_TO_CLAIMS, WorkQueue } from '../../../src/platform/work/work.ts';
import { NO_ZONES } from '../access/tree.ts';
import { firstOwner } from '../services/ownership.ts';
import { type Owner, quietObserver } from '../services/services.ts';
import { NO_DEVICES } from './no-devices.ts';
import { partsOfOthers } from './others/others.ts';
import { usualStages } from './usual-stages.ts';

export const ADMIN: Caller = {
  type: 'token',
  id: 'admin',
  name: 'admin',
  role: 'admin',
  jurisdiction: '000000',
  purpose: null,
};

/** Seals the plates of findings and alerts. */
export const PLATES = new Seal(randomBytes(32), { purpose: 'test', what: 'plate' });

export interface DeskOptions {
  database: string;
  redis: string;
  /** Those of a gateway when absent. */
  sinks?: readonly SinkType[];
  /** What was set for them. */
  sinkValues?: SinkValues;
  stages?: readonly Stage[];
  observer?: Observer;
  /** Who is asked for a work order for each alert that is opened. */
  orders?: WorkOrdersPort;
  /** By which a send is given up; the system's when absent. */
  sendClock?: Clock;
  /** How often work is looked for that nobody rang for. */
  sweepMs?: number;
  /** The system's when absent. */
  clock?: Clock;
  /** Which days are workdays; Mondays to Fridays when absent. */
  workDays?: WorkDays;
  /** What silences ask of the registry; it lists none when absent. */
  devices?: SilencedDevices;
  /** Who may go on with what they began; everybody when absent. */
  standing?: AlertBulkDeps['standing'];
  /** Who owns subscriptions, as they are now; people of the whole country who confirm reads when absent. */
  ownerNow?: DeliveryDeps['ownerNow'];
  /** How long a claim of work is worth. */
  leaseMs?: number;
}

/** The alert side of a gateway on a real PostgreSQL and Redis, without journal and rules. */
export async function startAlertDesk(t: Owner, urls: DeskOptions) {
  const { clock = systemClock, observer = quietObserver() } = urls;
  const box = new Vault(randomBytes(32));
  const database = await Database.open({ url: urls.database, observer, clock, limits: DATABASE_LIMITS });
  await migrate(database);
  const outbound = new Outbound({ clock: urls.sendClock ?? clock, observer });
  const ownership = firstOwner();
  const work = new WorkQueue({ database, clock, observer, ownership, leaseMs: urls.leaseMs ?? 15_000 });
  const bell = { redisUrl: urls.redis, databaseId: await databaseId(database), sweepMs: urls.sweepMs ?? 200 };
  const doorbell = new Doorbell({ ...bell, work, clock, observer });
  const feed = new AlertFeed({ database, clock, observer });
  const opened = new Opened();
  const committed = telling({ opened, doorbell, feed });
  const places = { placesOf: (ids: string[]) => placesOfFindings(database, ids), ...NAMELESS };
  const titleOf = (rule: string) => ({ en: rule, zh: rule });
  const book = { opensOrder: () => urls.orders !== undefined, wantsClip: () => false };
  const { standing = STANDS, workDays = WorkDays.WEEKENDS, stages = usualStages({ workDays }) } = urls;
  const log = new AlertLog({ clock, observer, stages, ownership, work, book });
  const alertOrders = handleOrders(work, { database, clock, orders: urls.orders ?? NO_ORDERS, ...LONELY });
  const desk = new AlertDesk({ database, clock, log, places, gone: NO_RULE_GONE, titleOf, committed });
  const sinks = openSinks(urls.sinks ?? SINKS, urls.sinkValues ?? {}, { clock, outbound, webhooks: WEBHOOKS });
  const release = releasing(work, doorbell);
  const queries = new AlertQueries(database);
  const ring = (queue: string): void => doorbell.ring(queue);
  const shares = { alerts: database, handling: database, general: database };
  const given = { shares, work, clock, observer, workDays, ownership, log, committed, ring, standing };
  const handling = handledOn(given, urls.devices ?? NO_DEVICES);
  const { actions } = handling;
  const others = partsOfOthers({ database, clock, box, log, committed, queries, desk, actions, sinks });
  const way = { sinks, box, release, receipt: others.keepReceipt, ownerNow: urls.ownerNow ?? sees };
  const delivery = new Delivery({ database, clock, observer, ownership, ...way });
  const timers = new StageTimers({ database, log, committed });
  handleQueues(work, { desk, delivery, timers });
  await feed.start();
  doorbell.start();
  t.teardown(async () => {
    await doorbell.stop(AbortSignal.timeout(2_000));
    await feed.stop();
    await outbound.close();
    await database.close();
  });
  return {
    database,
    clock,
    observer,
    log,
    opened,
    committed,
    feed,
    doorbell,
    work,
    queries,
    alertOrders,
    ...handling,
    plates: new AlertPlates({ alerts: queries, box: PLATES, register: registerOn(database, clock) }),
    ...others,
    subscriptions: new Subscriptions({ database, clock, box, sinks, ring, ...OTHERS }),
    sinks,
  };
}

const sees: DeliveryDeps['ownerNow'] = async (owner) => ({
  ...owner,
  role: 'commander',
  jurisdiction: NATIONWIDE,
  purpose: null,
  confirms: true,
});

const STANDS: AlertBulkDeps['standing'] = async (_tx, caller) => caller;

/** Devices that hang on nothing, and are there. */
const LONELY = { tree: { parentOf: () => null }, isDark: () => false };

const WEBHOOKS = { cidrs: ['127.0.0.0/8'], names: 'webhooks' } as const;

/** No rule but this one is in force. */
const FIRE = { rule: 'kiosk-fire', severity: 'extreme', condition: { type: 'threshold' } } as const;
/** As in a gateway without zones and grants. */
export const SEEING = peopleWhoSee({ trees: NO_ZONES, authority: new Authority({ areasOf: () => [] }, NO_ZONES) });
/** What is asked when people handle alerts. */
const LOOKED_UP = {
  trees: NO_ZONES,
  rules: () => [FIRE],
  personWhoSees: SEEING,
};

/** What people do with alerts. */
function handledOn(given: Omit<HandlingDeps, 'devices' | keyof typeof LOOKED_UP>, devices: SilencedDevices) {
  return composeHandling({ ...LOOKED_UP, ...given, devices });
}

/** Whom subscriptions ask. */
const OTHERS = { whoIsStillThere, agencies: { isSeen: () => true }, departments: { isSeen: () => true } };

/** Makes everything due that waits for these subscriptions. */
function releasing(work: WorkQueue, doorbell: Doorbell) {
  return async (subscriptions: string[]): Promise<void> => {
    for (const id of subscriptions) await work.hasten(DELIVERY_QUEUE, `${id} `);
    doorbell.ring(DELIVERY_QUEUE);
  };
}

/** What is done after a commit. */
function telling({ opened, doorbell, feed }: { opened: Opened; doorbell: Doorbell; feed: AlertFeed }) {
  return (said: Committed): void => {
    opened.keep(said.opened, said.places);
    doorbell.noted(said.tickets);
    feed.said(said.entries);
  };
}

const NO_ORDERS: WorkOrdersPort = { openFor: async () => {} };

function handleOrders(work: WorkQueue, deps: AlertOrdersDeps): AlertOrders {
  const alertOrders = new AlertOrders(deps);
  work.handle(ALERT_ORDERS_QUEUE, (id) => alertOrders.handle(id));
  return alertOrders;
}

/** As a gateway has it, without pictures. */
function handleQueues(
  work: WorkQueue,
  { desk, delivery, timers }: { desk: AlertDesk; delivery: Delivery; timers: StageTimers },
): void {
  work.handle(DESK_QUEUE, (key, _signal, claim) => desk.handle(key, claim), { atOnce: FINDINGS_KEYS_AT_ONCE });
  const deliveries = { atOnce: DELIVERIES_AT_ONCE, crowded: () => delivery.crowded() };
  work.handle(DELIVERY_QUEUE, (_key, signal, claim) => delivery.handle(claim, signal), deliveries);
  work.handle(STAGE_QUEUE, (key) => timers.handle(key));
  work.handle('evidence', async () => ({ again: null }), { atOnce: 64 });
}

/** Every device stands where its findings say. */
async function placesOfFindings(database: Database, ids: string[]): Promise<Map<string, AlertPlace>> {
  const findings = database.tables<AlertTables>().selectFrom('finding').select(['subject', 'jurisdiction']);
  const rows = await findings.where('subject', 'in', ids).distinct().execute();
  const place = { lat: 29.87, lon: 121.55, retired: false };
  return new Map(rows.map(({ subject: id, jurisdiction }) => [id, { ...place, name: `name of ${id}`, jurisdiction }]));
}

/** No district has a name, and the directory knows no device. */
export const NAMELESS = { nameOfDistrict: () => null, standsNow: () => null };

/** Every rule is in force. */
export const NO_RULE_GONE = { isGone: () => false, end: async () => {} };

/** A claim of work as it is made first. */
export function firstClaim(key: string): Claim {
  return { key, revision: 1, fence: 1, attempts: 1 };
}

/** The log of alerts as a gateway writes it. */
export function alertLog(): AlertLog {
  return new AlertLog({
    clock: systemClock,
    observer: quietObserver(),
    stages: usualStages(),
    ownership: firstOwner(),
    work: LEFT_TO_CLAIMS,
  });
}

/** What a subscription says of a webhook. */
export function webhookAt(url: string, secret?: string) {
  return { type: 'webhook', target: secret === undefined ? { url } : { url, secret } };
}

export interface Received {
  id: string;
  headers: IncomingMessage['headers'];
  body: string;
  data: { type: string; data: { id: string; dedupKey: string; version: number } };
}

/** A command centre's webhook receiver that can be told how to answer. */
export async function startReceiver(t: Owner) {
  const received: Received[] = [];
  let status = 200;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const id = String(request.headers['webhook-id']);
      if (status < 300) received.push({ id, headers: request.headers, body, data: JSON.parse(body) });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    /** Each message once: it is sent at least once, and again where the test's time passes while it is under way. */
    once: (): Received[] => [...new Map(received.map((one) => [one.id, one])).values()],
    answer: (next: number): void => {
      status = next;
    },
  };
}

export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

function registerOn(database: Database, clock: Clock): AccessRegister {
  return new AccessRegister({ database, clock, needsIncident: () => false });
}
