import { createHash } from 'node:crypto';
import { type Clock, HOUR_MS, MINUTE_MS } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { NATIONWIDE } from '../../../core/jurisdiction.ts';
import type { Caller } from '../../../core/types.ts';
import type { Database, Tables } from '../../../platform/database/database.ts';
import type { AlertQueries } from '../../desk/queries.ts';
import type { AlertEvidence, AlertRow } from '../../desk/tables.ts';
import { deviceIn } from '../../rules/conditions/subject.ts';
import type { PlateBox } from '../../rules/plates.ts';
import type { ClipsPort } from '../clips-port.ts';
import { type EvidenceDesk, isShownTo } from '../evidence.ts';
import { pinAlert } from './pins.ts';
import type {
  BundleAsker,
  BundledHole,
  BundledPart,
  BundledSight,
  BundledWhat,
  BundleHits,
  BundleReadings,
  BundleRights,
  BundleWish,
  HoleCause,
} from './ports.ts';
import { alertText, findingsText, logText, type TextInput } from './texts.ts';

export interface BundleContentsDeps {
  database: Database;
  clock: Clock;
  queries: Pick<AlertQueries, 'row'>;
  evidence: Pick<EvidenceDesk, 'bytes'>;
  clips: Pick<ClipsPort, 'find' | 'keep'>;
  rights: BundleRights;
  readings: BundleReadings;
  hits: BundleHits;
  /** Opens plates of alerts. */
  box: PlateBox;
  /** Whether an alert of this rule gets a clip. */
  wantsClip(rule: string): boolean;
}

/** Readings are of the time from before what raised the alert until after its last word, and no longer than a day. */
const AROUND_MS = 10 * MINUTE_MS;
const SPAN_MAX_MS = 24 * HOUR_MS;
const READINGS_BYTES_MAX = 32 * 1024 ** 2;
/** A picture or clip that is not there by then will not come. */
const PICTURE_WITHIN_MS = 2 * MINUTE_MS;
const CLIP_WITHIN_MS = 10 * MINUTE_MS;
/** What is wrong for a while only. */
const AWAY: ReadonlySet<string> = new Set(['images.unavailable', 'store.unavailable', 'stream.full']);

type Thing = BundledPart | BundledHole;

/** The time of which readings belong to an alert, Unix ms. */
export function readingsSpan({
  device_at_ms: deviceAtMs,
  first_at_ms: firstAtMs,
  last_at_ms: lastAtMs,
}: Pick<AlertRow, 'device_at_ms' | 'first_at_ms' | 'last_at_ms'>): { fromMs: number; toMs: number } {
  const fromMs = Math.max(0, Math.min(deviceAtMs ?? firstAtMs, firstAtMs) - AROUND_MS);
  return { fromMs, toMs: Math.min(lastAtMs + AROUND_MS, fromMs + SPAN_MAX_MS) };
}

/** Tells, one after the other, what a bundle of an alert holds, as who asked for it may have it. */
export class BundleContents {
  readonly #deps: BundleContentsDeps;

  constructor(deps: BundleContentsDeps) {
    this.#deps = deps;
  }

  /**
   * Everything that belongs to the alert. What is still to come is told first. Errors: `not-found`, `auth.forbidden`
   * where who asked may not have it any more, `service.failed` where the vault key is another one.
   */
  async *things(wish: BundleWish, by: BundleAsker): AsyncGenerator<Thing> {
    const { database, queries, rights, box } = this.#deps;
    const caller = await rights.now(by);
    if (!caller) throw withdrawn();
    const alert = await queries.row(caller, wish.alert);
    const isWhole = wish.plates === 'whole';
    if (!rights.mayRead(caller, alert) || (isWhole && !rights.maySeePlates(caller, alert))) throw withdrawn();
    const input: TextInput = { database, caller, alert, box: isWhole ? box : null };
    yield* this.#toCome(alert);
    const ofAlert = { fromMs: alert.first_at_ms, toMs: alert.last_at_ms };
    yield text('alert', Buffer.from(alertText(input)), ofAlert);
    const log = logText(input);
    yield text('log', log.pieces, { ...ofAlert, toMs: this.#deps.clock.nowMs() });
    if (log.isCut()) yield this.#hole('log', { cause: 'too-much', detail: 'Its newest entries are not in it.' });
    yield* this.#findings(input);
    yield* this.#hit(input);
    yield* this.#readings(input, wish);
    for (const evidence of alert.evidence) yield* this.#evidence(input, wish, evidence);
  }

  /** Keeps the alert, its pictures and its clips. Errors: `not-found`. */
  async pin(tx: Tables, alert: string, pin: { bundle: string; untilMs: number }): Promise<void> {
    await pinAlert(tx, alert, pin);
    await this.#deps.clips.keep(tx, alert, pin.untilMs);
  }

  *#toCome(alert: AlertRow): Generator<BundledHole> {
    const { clock, wantsClip } = this.#deps;
    const ageMs = clock.nowMs() - alert.committed_at_ms;
    const has = (type: AlertEvidence['type']) => alert.evidence.some((one) => one.type === type);
    const none = (what: BundledWhat, withinMs: number) => {
      const isPassing = ageMs < withinMs;
      return this.#hole(what, { cause: isPassing ? 'to-come' : 'none', isPassing });
    };
    const hasPlace = deviceIn(alert.device) !== null;
    if (alert.evidence.length === 0) yield none('picture', hasPlace ? PICTURE_WITHIN_MS : 0);
    if (hasPlace && wantsClip(alert.rule) && !has('clip') && !has('unavailable')) yield none('clip', CLIP_WITHIN_MS);
  }

  async *#findings(input: TextInput): AsyncGenerator<Thing> {
    const found = await findingsText(input);
    if (!found) {
      yield this.#hole('findings', { cause: 'gone', detail: 'Findings are kept for 30 days.' });
      return;
    }
    yield text('findings', Buffer.from(found.text), found);
    if (found.isCut) yield this.#hole('findings', { cause: 'too-much', detail: 'Its newest ones are not in it.' });
  }

  /** Only a hit on a watchlist has steps of its own. */
  async *#hit({ caller, alert }: TextInput): AsyncGenerator<Thing> {
    try {
      const hit = await this.#deps.hits.get(caller, alert.id);
      const span = { fromMs: Date.parse(hit.raisedAt), toMs: this.#deps.clock.nowMs() };
      yield text('hit', Buffer.from(`${JSON.stringify(hit, null, 2)}\n`), span);
    } catch (error) {
      if (!(error instanceof CitywatchError) || error.code !== 'not-found') throw error;
    }
  }

  async *#readings({ caller, alert }: TextInput, wish: BundleWish): AsyncGenerator<Thing> {
    const { fromMs, toMs } = wish;
    const hole = (cause: HoleCause, more: Partial<BundledHole> = {}) =>
      this.#hole('readings', { cause, fromMs, toMs, ...more });
    const device = deviceIn(alert.device);
    if (device === null) {
      yield hole('none', { detail: 'It is about no device.' });
      return;
    }
    const kept: string[] = [];
    let bytes = 0;
    try {
      const pieces = await this.#deps.readings.of(caller, device, wish);
      if (pieces === null) {
        yield hole('elsewhere', { detail: 'The device, or taking its readings away, is not for who asked.' });
        return;
      }
      for await (const piece of pieces) {
        bytes += Buffer.byteLength(piece);
        if (bytes > READINGS_BYTES_MAX) break;
        kept.push(piece);
      }
    } catch (error) {
      yield hole('away', passing(error));
      return;
    }
    yield text('readings', Buffer.from(kept.join('')), wish);
    if (bytes > READINGS_BYTES_MAX) yield hole('too-much', { detail: 'The last of that time are not in it.' });
    const nowMs = this.#deps.clock.nowMs();
    if (nowMs < toMs) yield hole('to-come', { fromMs: nowMs });
  }

  async *#evidence({ caller, alert }: TextInput, wish: BundleWish, evidence: AlertEvidence): AsyncGenerator<Thing> {
    const { takenAtMs, camera, reason = null } = evidence;
    const what = evidence.type === 'clip' ? 'clip' : 'picture';
    const toMs = evidence.endsAtMs ?? takenAtMs;
    const hole = (cause: HoleCause, detail: string | null, isPassing = false) =>
      this.#hole(what, { cause, fromMs: takenAtMs, toMs, camera, detail, isPassing });
    const refused = this.#refusalOf(caller, alert, { wish, evidence });
    if (refused) {
      yield hole(refused.cause, refused.detail);
      return;
    }
    const source = what === 'clip' ? ((await this.#deps.clips.find(evidence.id))?.source ?? null) : 'snapshot';
    let data: Buffer | null;
    try {
      data = await this.#deps.evidence.bytes(alert.id, evidence);
    } catch (error) {
      const { detail, isPassing } = passing(error);
      yield hole('away', detail, isPassing);
      return;
    }
    if (data === null) yield hole('gone', 'This is no longer kept.');
    else if (isDamaged(data, evidence)) yield hole('damaged', 'It is not what was attached to the alert.');
    else yield this.#picture({ what, evidence, data, source: source ?? 'unknown' });
    if (what === 'clip' && reason !== null) yield hole('gone', reason);
  }

  #picture({ what, evidence, data, source }: Attached): BundledPart {
    const { id, takenAtMs, ageMs = null, endsAtMs = takenAtMs } = evidence;
    const path = what === 'clip' ? `clips/${id}.mp4` : `pictures/${id}.jpg`;
    return {
      is: 'part',
      path,
      what,
      startsAtMs: takenAtMs,
      endsAtMs,
      ageMs,
      source,
      sight: sightOf(evidence),
      data,
    };
  }

  /** Why a picture or clip is not for who asked, or is none; null where it is to be read. */
  #refusalOf(
    caller: Caller,
    alert: AlertRow,
    { wish, evidence }: { wish: BundleWish; evidence: AlertEvidence },
  ): { cause: HoleCause; detail: string | null } | null {
    const { rights } = this.#deps;
    const { type, camera, reason = null, sha256 } = evidence;
    const isMade = type === 'picture' || (type === 'clip' && sha256 != null);
    if (!isMade || camera === null) return { cause: 'none', detail: reason };
    if (!rights.mayLook(caller) || !isShownTo(caller, evidence)) {
      return { cause: 'elsewhere', detail: 'This picture was taken in another district.' };
    }
    if (wish.case === null && rights.needsIncident(camera)) return { cause: 'incident-missing', detail: NO_INCIDENT };
    return alert.plates_sealed !== null && wish.plates === 'masked' ? { cause: 'plate', detail: SHOWS_PLATE } : null;
  }

  #hole(what: BundledWhat, hole: Partial<BundledHole> & Pick<BundledHole, 'cause'>): BundledHole {
    const nowMs = this.#deps.clock.nowMs();
    return { is: 'hole', what, camera: null, fromMs: nowMs, toMs: nowMs, detail: null, isPassing: false, ...hole };
  }
}

interface Attached {
  what: 'picture' | 'clip';
  evidence: AlertEvidence;
  data: Buffer;
  source: string;
}

const NO_INCIDENT = 'Its pictures are shown for an incident only: ask again with a case.';
const SHOWS_PLATE = 'It shows a plate: ask with "plates": "whole", which takes the right alerts.plates, or a permit.';

function withdrawn(): CitywatchError {
  return new CitywatchError('auth.forbidden', { detail: 'Who asked for it may not have it any more.' });
}

/** Of an error that ends by itself; any other is thrown on. */
function passing(error: unknown): { detail: string; isPassing: boolean } {
  if (error instanceof CitywatchError && AWAY.has(error.code)) return { detail: error.message, isPassing: true };
  throw error;
}

/** Pictures of earlier versions were attached without a hash. */
function isDamaged(data: Buffer, { sha256 }: AlertEvidence): boolean {
  return typeof sha256 === 'string' && createHash('sha256').update(data).digest('hex') !== sha256;
}

function sightOf({ camera, jurisdiction, police, granted }: AlertEvidence): BundledSight {
  return {
    camera: camera!,
    jurisdiction: jurisdiction ?? NATIONWIDE,
    police: police ?? null,
    granted: granted === true,
  };
}

const PATHS = {
  alert: 'alert/alert.json',
  log: 'alert/log.json',
  findings: 'alert/findings.json',
  hit: 'alert/hit.json',
  readings: 'device/readings.csv',
} as const;

function text(
  what: keyof typeof PATHS,
  data: Buffer | AsyncIterable<string>,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): BundledPart {
  const path = PATHS[what];
  return {
    is: 'part',
    path,
    what,
    startsAtMs: fromMs,
    endsAtMs: toMs,
    ageMs: null,
    source: 'gateway',
    sight: null,
    data,
  };
}
