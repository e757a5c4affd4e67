import { SeverityBadge } from '../../alerts/severity.tsx';
import { titleOf } from '../../alerts/titles.ts';
import { eventTitle, saidText } from '../../case/values.ts';
import { fieldOf, fieldTitle } from '../../fields.ts';
import { follows } from '../../ground/router.ts';
import { caseAddress, orderAddress } from '../../ground/views.ts';
import { nameOf, usernamesOf } from '../../people.ts';
import { nowMs } from '../../ticker.ts';
import type { Alert, AuditLine, DeadLetter, DeviceCommand, DeviceEvent, Order, UnitStay, Upkeep } from '../../types.ts';
import { t, tOf } from '../say.ts';
import { timeText } from '../words.ts';
import { ListPart } from './list-part.tsx';

const WEEK_MS = 7 * 86_400_000;
/** Questions of a moving range stay the same for so long. */
const STEP_MS = 60_000;

interface PartProps {
  /** Where the API has the device. */
  path: string;
}

/** A moment and what was then. */
function Line({ at, children }: { at: string; children: preact.ComponentChildren }) {
  return (
    <>
      <time dateTime={at}>{timeText(at)}</time>
      <span>{children}</span>
    </>
  );
}

export function Alerts({ id }: { id: string }) {
  return (
    <ListPart<Alert>
      name="alerts"
      title="device.alerts"
      none="device.alerts.none"
      path={`/alerts?device=${encodeURIComponent(id)}&open=true&order=urgency`}
      keyOf={(alert) => alert.id}
      row={(alert) => (
        <a class="line-link" href={caseAddress(alert.id)} onClick={follows}>
          <SeverityBadge severity={alert.severity} />
          <span>
            <bdi>{titleOf(alert)}</bdi> · {tOf('handling', alert.handling)} · {timeText(alert.firstAt)}
          </span>
        </a>
      )}
    />
  );
}

export function Events({ path, kind }: PartProps & { kind: string }) {
  const toMs = Math.ceil(nowMs.value / STEP_MS) * STEP_MS;
  const range = `from=${new Date(toMs - WEEK_MS).toISOString()}&to=${new Date(toMs).toISOString()}`;
  return (
    <ListPart<DeviceEvent>
      name="events"
      title="device.events"
      none="device.events.none"
      path={`${path}/events?${range}`}
      keyOf={({ id, at, type }) => id ?? `${at} ${type}`}
      row={({ at, type, data }) => (
        <Line at={at}>
          <b>
            <bdi title={type}>{eventTitle(type, kind)}</bdi>
          </b>
          {Object.entries(data).map(([name, value]) => (
            <span key={name} class="pair">
              {fieldTitle(name, kind)} <bdi>{saidText(name, value, fieldOf(kind, name)?.unit)}</bdi>
            </span>
          ))}
        </Line>
      )}
    />
  );
}

export function Commands({ path }: PartProps) {
  return (
    <ListPart<DeviceCommand>
      name="commands"
      title="device.commands"
      none="device.commands.none"
      path={`${path}/commands`}
      keyOf={({ id }) => id}
      row={({ createdAt, name, state, by }) => (
        <Line at={createdAt}>
          <b>
            <bdi>{name}</bdi>
          </b>{' '}
          {tOf('command', state)} · <bdi title={usernamesOf([by])}>{by.name}</bdi>
        </Line>
      )}
    />
  );
}

export function DeadLetters({ id }: { id: string }) {
  return (
    <ListPart<DeadLetter>
      name="letters"
      title="device.letters"
      none="device.letters.none"
      path={`/dead-letters?device=${encodeURIComponent(id)}`}
      keyOf={(letter) => letter.id}
      row={({ receivedAt, reason, path, value, replayedAt }) => (
        <Line at={receivedAt}>
          <b>
            <bdi>{reason}</bdi>
          </b>{' '}
          <bdi>{path}</bdi> <bdi>{value}</bdi>
          {replayedAt !== null && ` · ${t('device.letters.replayed')}`}
        </Line>
      )}
    />
  );
}

export function Units({ path }: PartProps) {
  return (
    <ListPart<UnitStay>
      name="units"
      title="device.units"
      none="device.units.none"
      path={`${path}/units`}
      keyOf={({ unit, from }) => `${unit.id} ${from}`}
      row={({ unit, from, to, how, reason, by }) => (
        <Line at={from}>
          <b>
            <bdi>{[unit.maker, unit.model].filter(Boolean).join(' ') || t('device.units.unnamed')}</bdi>
          </b>{' '}
          <bdi>{unit.serial ?? unit.mac ?? ''}</bdi> · {tOf('unit', how)}
          {to !== null && ` · ${t('device.units.until', { time: timeText(to) })}`}
          {by !== null && (
            <>
              {' · '}
              <bdi title={usernamesOf([{ name: by }])}>{by}</bdi>
            </>
          )}
          {reason !== null && (
            <>
              {' · '}
              <bdi>{reason}</bdi>
            </>
          )}
        </Line>
      )}
    />
  );
}

export function Orders({ id }: { id: string }) {
  return (
    <ListPart<Order>
      name="orders"
      title="device.orders"
      none="device.orders.none"
      path={`/orders?device=${encodeURIComponent(id)}`}
      keyOf={({ number }) => number}
      row={({ number, title, state, opened, assignee }) => (
        <Line at={opened}>
          <a class="device-link" href={orderAddress(number)} onClick={follows}>
            {number}
          </a>
          {tOf('order', state)} · <bdi>{title}</bdi>
          {assignee !== null && (
            <>
              {' · '}
              <bdi title={usernamesOf([{ username: assignee }])}>{nameOf(assignee)}</bdi>
            </>
          )}
        </Line>
      )}
    />
  );
}

export function Maintenances({ path }: PartProps) {
  return (
    <ListPart<Upkeep>
      name="upkeep"
      title="device.upkeep"
      none="device.upkeep.none"
      path={`${path}/maintenance`}
      keyOf={({ from }) => from}
      row={({ from, until, ended, by, reason, withheld }) => (
        <Line at={from}>
          <bdi>{reason}</bdi> · <bdi title={usernamesOf([{ name: by }])}>{by}</bdi> ·{' '}
          {t('device.upkeep.until', { time: timeText(ended ?? until) })}
          {withheld > 0 && ` · ${t('device.upkeep.withheld', { n: withheld })}`}
        </Line>
      )}
    />
  );
}

export function Audit({ id }: { id: string }) {
  return (
    <ListPart<AuditLine>
      name="audit"
      title="device.audit"
      none="device.audit.none"
      press="device.audit.show"
      path={`/audit?subject=${encodeURIComponent(`device/${id}`)}`}
      keyOf={({ seq }) => String(seq)}
      row={({ at, action, caller }) => (
        <Line at={at}>
          <b>{action}</b> · <bdi title={usernamesOf([caller])}>{caller.name}</bdi>
        </Line>
      )}
    />
  );
}
