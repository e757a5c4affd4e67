import { join } from 'node:path';
import { samePersonAmong } from '../../../access/owners.ts';
import { ALERT_ORDERS_QUEUE } from '../../../alerts/desk/queues.ts';
import { AlertFigures } from '../../../alerts/figures/figures.ts';
import { AlertKeeping } from '../../../alerts/keeping/keeping.ts';
import { Ladder } from '../../../alerts/ladder/ladder.ts';
import { AlertOrders, type WorkOrdersPort } from '../../../alerts/orders/alert-orders.ts';
import { CONDITIONS } from '../../../alerts/rules/conditions/conditions.ts';
import { RuleVersions } from '../../../alerts/rules/kept/rule-versions.ts';
import { RuleBook } from '../../../alerts/rules/rule-book.ts';
import { WatchlistKeeping } from '../../../alerts/watchlists/keeping.ts';
import { WorkDays } from '../../../core/calendar/work-days.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import type { Exports } from '../../../telemetry/history/export.ts';
import type { Devices } from '../devices/devices.ts';
import type { DevicesHealth } from '../devices/health.ts';
import { CONFIG_DIRECTORY } from '../ground/config-directory.ts';
import type { Ground } from '../ground/ground.ts';
import type { Ingest } from '../ingest/ingest.ts';
import type { Streams } from '../streams/streams.ts';
import { composeAlerting } from './alerting.ts';
import { composeBundles } from './bundles.ts';
import { composeDryRuns } from './dry-runs.ts';
import { composeDuty, composeRoster } from './duty.ts';
import { peopleWhoSee } from './people.ts';

export type Alerts = Awaited<ReturnType<typeof openAlerts>>;

/** Parts that alerts ask and tell. */
export interface AlertSides {
  ingest: Ingest;
  streams: Streams;
  orders: WorkOrdersPort;
  health: Pick<DevicesHealth, 'outages' | 'judgements'>;
  /** What was stored of devices. */
  telemetry: { exports: Pick<Exports, 'open'> };
}

/** The rules as they are delivered, for devices of these kinds. Errors: `config.invalid`. */
export async function readRules(kinds: Kinds): Promise<RuleBook> {
  const workDays = await readWorkDays();
  return await RuleBook.load(join(CONFIG_DIRECTORY, 'rules'), { kinds, workDays, conditions: CONDITIONS });
}

function readWorkDays(): Promise<WorkDays> {
  return WorkDays.load(join(CONFIG_DIRECTORY, 'holidays.yaml'));
}

/** The alert side on what stands. `start` takes up what was left undone, and follows the log. */
export async function openAlerts(ground: Ground, devices: Devices, sides: AlertSides, book: RuleBook) {
  const { config, place, keys, lifecycle } = ground;
  const { ingest, streams, health, telemetry } = sides;
  const roster = composeRoster(ground, devices);
  const alerting = await composeAlerting({
    ...ground,
    register: devices.register,
    kinds: devices.kinds,
    devices: devices.directory,
    plateKey: keys.plates,
    vaultKey: keys.vault,
    book,
    dataDirectory: place.path,
    webhookNetworks: config.networks.webhooks,
    sinkValues: config.sinks,
    pictures: streams.pictures,
    clips: streams.recordings.kept.ofAlerts,
    tree: devices.agencies,
    agencies: devices.agencies,
    departments: devices.departments,
    outages: health.outages,
    workDays: await readWorkDays(),
    ladder: await Ladder.load(join(CONFIG_DIRECTORY, 'ladder.yaml')),
    manned: roster,
    personWhoSees: peopleWhoSee({ trees: devices.agencies, authority: devices.authority }),
    standing: (tx, caller, desk) =>
      devices.standing.now(caller, desk === 'maintenance' ? 'faults.handle' : 'alerts.handle', tx),
    ownerNow: (owner) => devices.standing.ownerNow(owner, 'alerts.read'),
    zones: devices.jurisdictions,
    nameOfDistrict: (code) => devices.jurisdictions.get(code)?.name.zh ?? null,
    head: () => ingest.journals.live.head,
    isClockKnown: () => ingest.intake.isClockKnown(),
    incarnationOf: ingest.incarnationOf,
  });
  handleOrders(ground, devices, sides);
  const duty = composeDuty(ground, devices, { roster, actions: alerting.actions });
  const clips = streams.recordings.kept.ofAlerts;
  return {
    ...alerting,
    bundles: await composeBundles(ground, devices, { alerting, book, clips, stored: telemetry.exports }),
    ...duty,
    keeping: keepingOf(ground, alerting),
    watchlistKeeping: watchlistKeepingOf(ground),
    figures: new AlertFigures(ground.shares.general),
    ruleVersions: versionsOf(ground, book, () => alerting.ruleKept()),
    ...composeDryRuns(ground, devices, { ...ingest, book, watch: alerting.watched.ofEverybody }),
    async start(): Promise<void> {
      await alerting.load();
      await alerting.wanted.load();
      await duty.startRoster();
      lifecycle.onStop('silences that come again', alerting.keeper.start());
      lifecycle.onStop('budgets of rules', alerting.budget.start());
      await alerting.feed.start();
      lifecycle.onStop('alert feed', () => alerting.feed.stop());
    },
  };
}

function handleOrders({ shares, clock, work }: Ground, devices: Devices, { orders, health }: AlertSides): void {
  const alertOrders = new AlertOrders({
    database: shares.alerts,
    clock,
    orders,
    tree: { parentOf: (id) => devices.directory.get(id)?.parent ?? null },
    isDark: (id) => health.judgements.of(id)?.health === 'offline',
  });
  work.handle(ALERT_ORDERS_QUEUE, (id) => alertOrders.handle(id));
}

function keepingOf(
  { database, ownership, config }: Ground,
  { evidenceBlobs, feed }: Awaited<ReturnType<typeof composeAlerting>>,
): AlertKeeping {
  const { keepDays: incident, keepFaultDays: fault, keepSystemDays: system } = config.alerts;
  const forgotten = (seq: number): void => feed.forget(seq);
  return new AlertKeeping({
    database,
    ownership,
    pictures: evidenceBlobs,
    keepDays: { incident, fault, system },
    forgotten,
  });
}

/** As long as what names them: alerts, audit trail and access register. */
function watchlistKeepingOf({ database, ownership, config }: Ground): WatchlistKeeping {
  const keepDays = Math.max(config.alerts.keepDays, config.audit.keepDays);
  return new WatchlistKeeping({ database, ownership, keepDays });
}

/** Rules that people keep by the API. */
function versionsOf({ database, clock, config }: Ground, book: RuleBook, changed: () => Promise<void>): RuleVersions {
  return new RuleVersions({
    database,
    clock,
    parse: (text) => book.parse(text),
    current: () => book.current(),
    versionOfFile: (rule) => book.versionOfFile(rule),
    needsApproval: config.alerts.rulesApproval === 'other-person',
    samePersonAmong,
    changed,
  });
}
