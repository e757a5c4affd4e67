import { MINUTE_MS, toRfc3339 } from '../../../core/clock.ts';
import { CitywatchError } from '../../../core/errors.ts';
import { isWatchlistHit } from '../../rules/conditions/event.ts';
import { type EventType, TOLD_AS } from '../alert.ts';
import type { AlertRow } from '../tables.ts';
import { type Deed, maskedDeed } from './deeds.ts';
import { drillEndsAtMs } from './drill.ts';
import { type Handled, type Hands, type Life, lifeOf, truthOf, type Verdict, withLife } from './life.ts';

export interface Doer {
  id: string;
  name: string;
  nowMs: number;
}

/** An alert after something was done, and how it is said. */
export interface Step {
  alert: AlertRow;
  event: EventType;
}

/** So long an alert may stand as it is before it counts as forgotten, from the last thing that was done with it. */
const STANDS_STILL_MS = { acked: 15 * MINUTE_MS, assigned: 15 * MINUTE_MS, dispatched: 30 * MINUTE_MS };
/** A person may ask for other times when they acknowledge, up to this one. */
export const ACK_FOR_MAX_MS = 240 * MINUTE_MS;
export const SHELVE_MAX_MS = 24 * 60 * MINUTE_MS;
export const SNOOZE_MAX_MS = 60 * MINUTE_MS;

/** So long after its end a fault is shown to who keeps devices going: what comes again by then is the same one. */
const FAULT_OVER_MS = 30 * MINUTE_MS;

const COMMENTS_MAX = 200;
/** What is said with a deed finds room beyond it; from here on in the place of the oldest. The log keeps each. */
const NOTES_MAX = 2 * COMMENTS_MAX;

/**
 * What somebody's deed makes of an alert; null where it stands so already. Plates in what they said are masked. Pure.
 * Errors: `conflict.state`, naming who was first or what to do instead.
 */
export function step(row: AlertRow, asked: Deed, doer: Doer): Step | null {
  const deed = maskedDeed(asked, row.data);
  if (deed.does === 'close') return closed(row, deed, doer);
  if (deed.does === 'reopen') return reopened(row, deed, doer);
  if (deed.does === 'comment') {
    requireRoom(row);
    return said(row, deed.text, { doer, event: 'alert.commented' });
  }
  if (row.handling === 'closed') {
    throw refusal(`This alert was closed by ${row.closed_by}. Reopen it, or see whether a newer one of it is open.`);
  }
  switch (deed.does) {
    case 'ack':
      return acked(row, deed, doer);
    case 'assign':
      return assigned(row, deed, doer);
    case 'dispatch':
      return isOut(row, asked) ? null : dispatched(row, deed, doer);
    case 'arrive':
      return arrived(row, deed, doer);
    case 'feedback':
      return said(row, deed.text, { doer, event: 'alert.feedback' });
    case 'note':
      return said(row, deed.text, { doer, event: 'alert.commented' });
    case 'show':
      return row.hidden && row.hidden.is !== 'silenced' ? shownAgain(row) : null;
    default:
      return shelved(row, deed, doer);
  }
}

function acked(row: AlertRow, { forMs }: Extract<Deed, { does: 'ack' }>, doer: Doer): Step | null {
  const life = lifeOf(row);
  const { ack } = life.handled;
  if (ack && ack.byId !== doer.id) {
    const until = row.ack_until_ms === null ? '' : `, until ${toRfc3339(row.ack_until_ms)}`;
    throw refusal(`Already acknowledged by ${ack.by} at ${toRfc3339(ack.atMs)}${until}. Assign it to take it over.`);
  }
  // Without a time it says no more than before.
  if (ack && forMs === undefined) return null;
  const hands = { ...handsOf(life.handled), ack: ack ?? ackOf(doer) };
  const is = life.handled.is === 'new' ? 'acked' : life.handled.is;
  return stepTo(row, life, { handled: moved(is, hands, { nowMs: doer.nowMs, forMs }), event: 'alert.acked' });
}

function assigned(row: AlertRow, { to }: Extract<Deed, { does: 'assign' }>, { nowMs }: Doer): Step | null {
  const life = lifeOf(row);
  const { is, owner } = life.handled;
  if (owner === to && is !== 'new') return null;
  const next = is === 'new' || is === 'acked' ? 'assigned' : is;
  const handled = moved(next, { ...handsOf(life.handled), owner: to }, { nowMs });
  return stepTo(row, life, { handled, event: 'alert.assigned' });
}

/** Of two units with plates that are told alike neither is taken for the other: what was said is compared whole. */
function isOut({ handling, unit }: AlertRow, asked: Deed): boolean {
  return asked.does === 'dispatch' && asked.unit === unit && (handling === 'dispatched' || handling === 'arrived');
}

function dispatched(row: AlertRow, { unit }: Extract<Deed, { does: 'dispatch' }>, doer: Doer): Step | null {
  const life = lifeOf(row);
  const { ack } = life.handled;
  const had = handsOf(life.handled);
  const hands = { ...had, ack: ack ?? ackOf(doer), unit, leftAtMs: doer.nowMs, thereAtMs: null };
  return stepTo(row, life, { handled: moved('dispatched', hands, doer), event: 'alert.dispatched' });
}

function arrived(row: AlertRow, { unit }: Extract<Deed, { does: 'arrive' }>, doer: Doer): Step | null {
  const life = lifeOf(row);
  const { is, ack, unit: sent } = life.handled;
  if (is === 'arrived') return null;
  const had = handsOf(life.handled);
  const hands = { ...had, ack: ack ?? ackOf(doer), unit: unit ?? sent, thereAtMs: doer.nowMs };
  return stepTo(row, life, { handled: moved('arrived', hands, doer), event: 'alert.on_scene' });
}

function said(row: AlertRow, text: string, { doer, event }: { doer: Doer; event: EventType }): Step {
  const life = lifeOf(row);
  const handled = moved(life.handled.is, life.handled, doer);
  return stepTo(withNote(row, text, doer), life, { handled, event });
}

function requireRoom({ comments }: AlertRow): void {
  if (comments.length < COMMENTS_MAX) return;
  throw refusal(`An alert takes at most ${COMMENTS_MAX} comments. Close it; the next one of it names this one.`);
}

function closed(row: AlertRow, { verdict, text }: Extract<Deed, { does: 'close' }>, doer: Doer): Step | null {
  if (row.handling === 'closed') {
    if (row.closed_by === doer.name && row.verdict === verdict) return null;
    throw refusal(`Already closed by ${row.closed_by}. Reopen it to close it with another verdict.`);
  }
  const life = lifeOf(row);
  const handled: Handled = { ...handsOf(life.handled), is: 'closed', by: doer.name, atMs: doer.nowMs };
  // Whoever was told of it before somebody hid it is told that it is over.
  const shown = row.hidden ? ({ is: 'shown' } as const) : life.shown;
  const said = text ? withNote(row, text, doer) : row;
  return stepTo(said, { ...life, shown, truth: truthOf(verdict) }, { handled, event: 'alert.closed' });
}

function reopened(row: AlertRow, { text }: Extract<Deed, { does: 'reopen' }>, doer: Doer): Step | null {
  if (row.handling !== 'closed') return null;
  if (isDrillOver(row, doer.nowMs)) throw refusal('This was a drill, and its time is over: begin another one.');
  const life = lifeOf(row);
  const hands = { ...handsOf(life.handled), ack: ackOf(doer) };
  const open: Life = { ...life, truth: { is: 'open' } };
  return stepTo(withNote(row, text, doer), open, { handled: moved('acked', hands, doer), event: 'alert.reopened' });
}

function shelved(row: AlertRow, deed: Extract<Deed, { does: 'shelve' | 'snooze' }>, doer: Doer): Step {
  if (mustBeShown(row)) throw refusal('An extreme alert or a hit on a watchlist is never shelved: close it instead.');
  if (row.visibility === 'test') throw refusal('This is a test and tells nobody: close it instead.');
  const life = lifeOf(row);
  const { name: by, nowMs: atMs } = doer;
  const is = deed.does === 'shelve' ? 'shelved' : 'snoozed';
  const shown = { is, by, atMs, untilMs: atMs + deed.forMs, reason: deed.reason } as const;
  return stepTo(
    row,
    { ...life, shown },
    { handled: moved(life.handled.is, life.handled, doer), event: 'alert.shelved' },
  );
}

/** As nobody hides it; what a stage would hold back it holds back now. */
export function shownAgain(row: AlertRow): Step {
  const life = lifeOf(row);
  return stepTo(row, { ...life, shown: { is: 'shown' } }, { handled: life.handled, event: TOLD_AS[row.condition] });
}

/** Whether it may be neither silenced nor shelved. */
export function mustBeShown({ severity, data }: Pick<AlertRow, 'severity' | 'data'>): boolean {
  return severity === 'extreme' || isWatchlistHit(data);
}

/** What has run out by now, in the order in which it is said; none where nothing has. Twice says it once. */
export function lapsed(row: AlertRow, nowMs: number): Step[] {
  if (row.handling === 'closed') return [];
  if (isDrillOver(row, nowMs)) return [endedAs('drill', row, nowMs)];
  const steps: Step[] = [];
  if (row.ack_until_ms !== null && row.ack_until_ms <= nowMs) {
    const life = lifeOf(row);
    const handled = { ...handsOf(life.handled), ack: null, is: 'new' } as const;
    steps.push(stepTo(row, life, { handled, event: 'alert.unacked' }));
  }
  const now = steps.at(-1)?.alert ?? row;
  const { hidden } = now;
  if (hidden && hidden.is !== 'silenced' && hidden.untilMs <= nowMs) steps.push(shownAgain(now));
  const last = steps.at(-1)?.alert ?? row;
  const overAtMs = faultOverAtMs(last);
  // Nobody went to see.
  if (overAtMs !== null && overAtMs <= nowMs) steps.push(endedAs('no_action', last, nowMs));
  return steps;
}

/** When something of it runs out (Unix ms); null where nothing does. */
export function lapsesAtMs(row: AlertRow): number | null {
  const { handling, ack_until_ms, hidden } = row;
  if (handling === 'closed') return null;
  const times = [
    ack_until_ms,
    hidden && hidden.is !== 'silenced' ? hidden.untilMs : null,
    drillEndsAtMs(row),
    faultOverAtMs(row),
  ];
  const due = times.filter((atMs) => atMs !== null);
  return due.length === 0 ? null : Math.min(...due);
}

function isDrillOver(row: AlertRow, nowMs: number): boolean {
  const endsAtMs = drillEndsAtMs(row);
  return endsAtMs !== null && endsAtMs <= nowMs;
}

/** When what is over on the maintenance desk, and nobody has, closes itself (Unix ms); null for anything else. */
function faultOverAtMs({ desk, condition, handling, last_at_ms }: AlertRow): number | null {
  if (desk !== 'maintenance' || condition !== 'cleared' || handling !== 'new') return null;
  return last_at_ms + FAULT_OVER_MS;
}

/** Closed by itself, whoever had it. */
function endedAs(verdict: Verdict, row: AlertRow, atMs: number): Step {
  const life = lifeOf(row);
  const handled = { ...handsOf(life.handled), is: 'closed', by: 'citywatch', atMs } as const;
  // As where a person closes it: who was told of it before somebody hid it is told that it is over.
  const shown = row.hidden ? ({ is: 'shown' } as const) : life.shown;
  return stepTo(row, { ...life, shown, truth: truthOf(verdict) }, { handled, event: 'alert.closed' });
}

function moved(is: Handled['is'], hands: Hands, { nowMs, forMs }: { nowMs: number; forMs?: number | undefined }) {
  const kept = handsOf(hands);
  if (is === 'acked' || is === 'assigned' || is === 'dispatched') {
    return { ...kept, is, untilMs: nowMs + (forMs ?? STANDS_STILL_MS[is]) };
  }
  return is === 'closed' ? (hands as Handled) : { ...kept, is };
}

function handsOf({ ack, owner, unit, leftAtMs, thereAtMs }: Hands): Hands {
  return { ack, owner, unit, leftAtMs, thereAtMs };
}

function ackOf({ name: by, id: byId, nowMs: atMs }: Doer) {
  return { by, byId, atMs };
}

function withNote(row: AlertRow, text: string, { name: by, nowMs: atMs }: Doer): AlertRow {
  return { ...row, comments: [...row.comments.slice(1 - NOTES_MAX), { by, atMs, text }] };
}

function stepTo(row: AlertRow, life: Life, { handled, event }: { handled: Handled; event: EventType }): Step {
  return { alert: { ...withLife(row, { ...life, handled }), version: row.version + 1 }, event };
}

function refusal(detail: string): CitywatchError {
  return new CitywatchError('conflict.state', { detail });
}
