import { join } from 'node:path';
import { whoIsStillThere } from '../../../access/owners.ts';
import { CapEntries } from '../../../alerts/cap/entries.ts';
import { CapReader, type CapReaderDeps } from '../../../alerts/cap/reader.ts';
import { AlertCases } from '../../../alerts/desk/case/cases.ts';
import { AlertDesk, FINDINGS_KEYS_AT_ONCE } from '../../../alerts/desk/desk.ts';
import { AlertFeed } from '../../../alerts/desk/feed.ts';
import { GatewayAlerts } from '../../../alerts/desk/gateway-alerts.ts';
import type { AlertActions } from '../../../alerts/desk/life/actions.ts';
import { AlertLog, type Committed } from '../../../alerts/desk/log.ts';
import { OpenAlerts } from '../../../alerts/desk/open-alerts.ts';
import type { AskedPlaces, Places } from '../../../alerts/desk/places.ts';
import { AlertQueries } from '../../../alerts/desk/queries.ts';
import {
  ALERT_CLIPS_QUEUE,
  DELIVERY_QUEUE,
  DESK_QUEUE,
  EVIDENCE_QUEUE,
  HIT_WAITS_QUEUE,
  STAGE_QUEUE,
  WATCHLIST_ENDS_QUEUE,
} from '../../../alerts/desk/queues.ts';
import { StageTimers } from '../../../alerts/desk/stage-timers.ts';
import { ALERT_CLIPS_AT_ONCE, AlertClips } from '../../../alerts/evidence/alert-clips.ts';
import { AlertedCameras } from '../../../alerts/evidence/alerted-cameras.ts';
import type { ClipsPort } from '../../../alerts/evidence/clips-port.ts';
import {
  EVIDENCE_AT_ONCE,
  type EvidenceDeps,
  EvidenceDesk,
  isEvidenceKept,
  type Pictures,
} from '../../../alerts/evidence/evidence.ts';
import { EvidenceLooks } from '../../../alerts/evidence/looks.ts';
import { Opened } from '../../../alerts/evidence/opened.ts';
import { AlertReceipts, type Receipt } from '../../../alerts/receipts/receipts.ts';
import { DELIVERIES_AT_ONCE, Delivery, type DeliveryDeps } from '../../../alerts/route/delivery.ts';
import { countWithheld, lookAtWithheld } from '../../../alerts/route/stages/maintenance.ts';
import { SubscriptionTools } from '../../../alerts/route/subscription-tools.ts';
import { type SubscriptionDeps, Subscriptions } from '../../../alerts/route/subscriptions.ts';
import type { RuleBudgetDeps } from '../../../alerts/rules/budget.ts';
import { AlertPlates } from '../../../alerts/rules/plates.ts';
import type { RuleBook } from '../../../alerts/rules/rule-book.ts';
import { Drills, type DrillsDeps } from '../../../alerts/said/drills.ts';
import { EventSources } from '../../../alerts/said/event-sources.ts';
import { OutsideEvents } from '../../../alerts/said/outside-events.ts';
import { CAP_DEFAULTS, capSettings } from '../../../alerts/sinks/cap/cap.ts';
import type { Sinks } from '../../../alerts/sinks/sink.ts';
import { openSinks, SINKS, type SinkValues } from '../../../alerts/sinks/sinks.ts';
import type { Hits } from '../../../alerts/watchlists/hits/hits.ts';
import { WatchedPlates } from '../../../alerts/watchlists/matching/watched-plates.ts';
import type { Watchlists } from '../../../alerts/watchlists/watchlists.ts';
import { covers, ownArea } from '../../../core/jurisdiction.ts';
import { slotOf } from '../../../core/slots.ts';
import type { DeviceId } from '../../../core/types.ts';
import type { Kinds } from '../../../devices/kinds/kinds.ts';
import type { Directory } from '../../../devices/registry/directory.ts';
import { askingWhereabouts, whereaboutsOf, whereaboutsTold } from '../../../devices/registry/nearby-cameras.ts';
import type { Blobs } from '../../../platform/blobs/blobs.ts';
import { openLocalBlobs } from '../../../platform/blobs/open-local.ts';
import type { Tables } from '../../../platform/database/database.ts';
import { ROOM_BYTES } from '../../../platform/files/disks.ts';
import type { Outbound } from '../../../platform/outbound/outbound.ts';
import type { AccessRegister } from '../../../platform/records/access-register.ts';
import { Seal } from '../../../platform/secrets/seal.ts';
import type { Vault } from '../../../platform/secrets/vault.ts';
import type { Doorbell } from '../../../platform/work/jobs.ts';
import { LEFT_TO_CLAIMS, type WorkQueue } from '../../../platform/work/work.ts';
import { composeRules, type RuleSurroundings } from './alert-rules.ts';
import { composeHandling, type HandlingDeps } from './handling.ts';
import { silencedDevices } from './silenced-devices.ts';
import { composeStages, type StageSurroundings } from './stages.ts';
import { composeWatchlists } from './watchlists.ts';

export interface AlertingDeps
  extends Omit<RuleSurroundings, 'log'>,
    Omit<StageSurroundings, 'clock' | 'devices' | 'departments'>,
    Pick<DeliveryDeps, 'ownerNow'>,
    Pick<HandlingDeps, 'personWhoSees' | 'standing'> {
  outbound: Outbound;
  work: WorkQueue;
  doorbell: Doorbell;
  kinds: Kinds;
  vault: Vault;
  plateKey: Buffer;
  /** The whole plates of alerts are encrypted under a key made of this one. */
  vaultKey: Buffer;
  devices: RuleSurroundings['devices'] & Pick<Directory, 'needsIncident' | 'ids'>;
  register: AccessRegister;
  book: RuleBook;
  dataDirectory: string;
  webhookNetworks: string[];
  /** What was set for sinks. */
  sinkValues: SinkValues;
  nameOfDistrict: Places['nameOfDistrict'];
  zones: RuleSurroundings['zones'] & Pick<CapReaderDeps, 'boundsOf'>;
  agencies: SubscriptionDeps['agencies'];
  departments: StageSurroundings['departments'] & SubscriptionDeps['departments'];
  pictures: Pictures;
  clips: ClipsPort;
}

/** Builds the alert side: rules, desk, deliveries, evidence, and what people ask of them. Starts nothing. */
export async function composeAlerting(deps: AlertingDeps) {
  const { clock, observer, work, doorbell, vault, ownership, tree, incarnationOf, book } = deps;
  const { alerts: database, handling, general } = deps.shares;
  const stages = composeStages(deps, book);
  const log = new AlertLog({ clock, observer, stages, ownership, work, book });
  const rules = () => book.current();
  const watched = new WatchedPlates({ database: general, clock, observer, key: deps.plateKey, tree });
  const feed = new AlertFeed({ database, clock, observer });
  const ring = (queue: string): void => doorbell.ring(queue);
  const justOpened = new Opened();
  const committed = (said: Committed): void => tell(said, { doorbell, feed, justOpened });
  const webhooks = { cidrs: deps.webhookNetworks, names: 'webhooks' } as const;
  const sinks = openSinks(SINKS, deps.sinkValues, { ...deps, webhooks });
  const release = async (subscriptions: string[]): Promise<void> => {
    for (const id of subscriptions) if ((await work.hasten(DELIVERY_QUEUE, `${id} `)) > 0) ring(DELIVERY_QUEUE);
  };
  const queries = new AlertQueries(handling);
  const plates = new Seal(deps.vaultKey, { purpose: 'citywatch alerts', what: 'plate' });
  const timers = new StageTimers({ database, log, committed });
  const { places, asked } = whereDevicesAre(deps);
  const position = () => ({ lane: 'live' as const, offset: deps.head() });
  const ofGateway = new GatewayAlerts({ database, clock, rules, position, incarnationOf, ownership, committed });
  const floods: RuleBudgetDeps['said'] = (isOver, data) => ofGateway.set('rule-floods', isOver, data);
  const judging = composeRules({ ...deps, log }, { book, watched, plates, committed, places: asked, floods });
  const titleOf = (rule: string) => book.titleOf(rule);
  const desk = new AlertDesk({ database, clock, log, places, gone: judging.gone, titleOf, committed });
  const devices = silencedDevices(deps.devices);
  const handled = composeHandling({ ...deps, trees: tree, devices, rules, ring, log, committed });
  const { actions } = handled;
  const wanted = composeWatchlists(deps, { watched, queries, actions, plates, log, committed });
  const { whole } = wanted;
  const others = composeOthers(deps, { log, committed, queries, desk, actions, sinks, rules, position });
  const { keepReceipt: receipt } = others;
  const delivery = new Delivery({ ...deps, database, sinks, box: vault, release, receipt, whole });
  const proofs = composeEvidence(deps, { log, committed, opened: justOpened });
  handleQueues(work, { desk, delivery, timers, ...proofs, ...wanted });
  return {
    /** For what is said in the middle of an edit of the registry, whose end nobody here is told. */
    logOfEdits: new AlertLog({ clock, observer, stages, ownership, work: LEFT_TO_CLAIMS, book }),
    /** What a maintenance holds back. */
    withheld: { count: countWithheld, look: (tx: Tables) => lookAtWithheld(tx, clock), ring: () => ring(STAGE_QUEUE) },
    desk,
    rules,
    ...judging,
    queries,
    cases: new AlertCases({ database: handling, queries }),
    feed,
    ...proofs,
    looks: looksOf(deps),
    ...wanted,
    watched,
    ...handled,
    plateBox: plates,
    plates: new AlertPlates({ alerts: queries, box: plates, register: deps.register }),
    ofGateway,
    ...others,
    subscriptions: new Subscriptions({ ...deps, database: general, box: vault, sinks, ring, whoIsStillThere }),
    sinks,
  };
}

/** Where devices are and what sees them: asked for apart, and along with what else is asked. */
function whereDevicesAre({ shares, devices, nameOfDistrict }: AlertingDeps): { places: Places; asked: AskedPlaces } {
  const standsNow = (id: DeviceId) => {
    const entry = devices.get(id);
    return entry ? { jurisdiction: entry.identity.jurisdiction, retired: entry.state === 'retired' } : null;
  };
  const spotsOf = (ids: readonly DeviceId[]) =>
    ids.map((device) => ({ device, readers: standsNow(device)?.jurisdiction ?? '' }));
  const placesOf = (ids: DeviceId[]) => whereaboutsOf(shares.alerts, spotsOf(ids));
  const asked: AskedPlaces = {
    asking: (ids) => askingWhereabouts(spotsOf(ids)),
    told: whereaboutsTold,
  };
  return { places: { placesOf, nameOfDistrict, standsNow }, asked };
}

interface OfOthers {
  log: AlertLog;
  committed(said: Committed): void;
  queries: AlertQueries;
  desk: AlertDesk;
  actions: AlertActions;
  sinks: Sinks;
  rules: DrillsDeps['rules'];
  position: DrillsDeps['position'];
}

/** What people and other systems say in the place of rules, and how they are told and answer. */
function composeOthers(deps: AlertingDeps, of: OfOthers) {
  const { clock, vault: box, shares, devices, incarnationOf, ownership } = deps;
  const { log, committed, queries, desk, actions, sinks, rules, position } = of;
  const database = shares.general;
  const said = { database, clock, rules, position, incarnationOf, ownership, desk };
  const seenBy: DrillsDeps['devices']['seenBy'] = (caller, id) => {
    const entry = devices.get(id);
    if (!entry || entry.state === 'retired' || !covers(ownArea(caller), entry.identity)) return null;
    const { kind, jurisdiction } = entry.identity;
    return { kind, jurisdiction, slot: slotOf(devices.topmost(id)) };
  };
  const eventSources = new EventSources({ database, clock });
  const receipts = new AlertReceipts({ database: shares.alerts, clock, box, log, committed });
  return {
    drills: new Drills({ ...said, devices: { seenBy } }),
    eventSources,
    open: new OpenAlerts(shares.handling),
    outsideEvents: new OutsideEvents({ ...said, sources: eventSources, actions }),
    receipts,
    keepReceipt: (told: Receipt) => receipts.add(told),
    cap: new CapReader({
      queries,
      entries: new CapEntries(shares.handling),
      voice: { ...CAP_DEFAULTS, ...capSettings(deps.sinkValues) },
      boundsOf: (code) => deps.zones.boundsOf(code),
    }),
    subscriptionTools: new SubscriptionTools({ database, clock, box, sinks }),
  };
}

/** What alerts go through, with what its parts ask of others. */
interface Told {
  doorbell: Doorbell;
  feed: AlertFeed;
  justOpened: Opened;
}

/** After a commit: begins with the work that follows, and gives what was said to who follows the log. */
function tell({ tickets, entries, opened, places }: Committed, { doorbell, feed, justOpened }: Told): void {
  justOpened.keep(opened, places);
  doorbell.noted(tickets);
  feed.said(entries);
}

interface QueueHandlers {
  desk: AlertDesk;
  delivery: Delivery;
  timers: StageTimers;
  evidence: EvidenceDesk;
  alertClips: AlertClips;
  watchlists: Watchlists;
  hits: Hits;
}

/** Who does the work of each queue of alerts. */
function handleQueues(work: AlertingDeps['work'], handlers: QueueHandlers): void {
  const { desk, delivery, timers, evidence, alertClips, watchlists, hits } = handlers;
  work.handle(DESK_QUEUE, (key, _signal, claim) => desk.handle(key, claim), { atOnce: FINDINGS_KEYS_AT_ONCE });
  const deliveries = { atOnce: DELIVERIES_AT_ONCE, crowded: () => delivery.crowded() };
  work.handle(DELIVERY_QUEUE, (_key, signal, claim) => delivery.handle(claim, signal), deliveries);
  work.handle(STAGE_QUEUE, (key) => timers.handle(key));
  work.handle(WATCHLIST_ENDS_QUEUE, (id) => watchlists.handleEnd(id));
  work.handle(HIT_WAITS_QUEUE, (id) => hits.handleWait(id));
  work.handle(ALERT_CLIPS_QUEUE, (id) => alertClips.handle(id), { atOnce: ALERT_CLIPS_AT_ONCE });
  work.handle(EVIDENCE_QUEUE, (_key, _signal, claim) => evidence.handle(claim), { atOnce: EVIDENCE_AT_ONCE });
}

/** Pictures kept with alerts, and where they are. */
function composeEvidence(
  { shares, clock, observer, pictures, clips, dataDirectory, work }: AlertingDeps,
  { log, committed, opened }: Pick<EvidenceDeps, 'log' | 'committed' | 'opened'>,
): { evidence: EvidenceDesk; evidenceBlobs: Blobs; alertClips: AlertClips; going: AlertedCameras['now'] } {
  const { alerts: database, general } = shares;
  const evidenceBlobs = openLocalBlobs({
    name: 'evidence',
    directory: join(dataDirectory, 'evidence'),
    reserveBytes: ROOM_BYTES.evidence,
    database: general,
    clock,
    observer,
    isExpected: () => isEvidenceKept(database),
  });
  const queries = new AlertQueries(database);
  const evidence = new EvidenceDesk({
    database,
    clock,
    observer,
    queries,
    log,
    pictures,
    committed,
    opened,
    blobs: evidenceBlobs,
    clips,
    firstNews: () => work.underWay(DESK_QUEUE, DELIVERY_QUEUE),
  });
  const alertClips = new AlertClips({ database, clock, log, pictures, clips, committed });
  const alerted = new AlertedCameras({ database, clock, cameras: pictures });
  return { evidence, evidenceBlobs, alertClips, going: () => alerted.now() };
}

function looksOf({ register, devices }: Pick<AlertingDeps, 'register' | 'devices'>): EvidenceLooks {
  return new EvidenceLooks({
    register,
    areaOf: (id) => devices.get(id)?.identity.jurisdiction,
    needsIncident: (id) => devices.needsIncident(id),
  });
}
