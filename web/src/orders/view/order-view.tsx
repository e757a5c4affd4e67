import { useEffect, useMemo, useRef } from 'preact/hooks';
import { follows } from '../../ground/router.ts';
import { deviceAddress, VIEWS } from '../../ground/views.ts';
import { nameOf, usernamesOf } from '../../people.ts';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import { type Entry, type KeptOrder, unitWords } from '../kept/kept.ts';
import { OpenOrder } from '../open-order.ts';
import { expected } from '../queue/decide.ts';
import { confirmed, waiting } from '../queue/state.ts';
import { t } from '../say.ts';
import { DeedBar } from './deed-bar.tsx';
import { Found } from './found.tsx';
import { Happened } from './happened.tsx';
import { SecretOfUnit } from './secret-of-unit.tsx';
import { Waits } from './waits.tsx';
import '../../devices/devices.css';
import '../orders.css';

/** One work order: where, what for, what is to be done, and what waits to be sent. All of it works without network. */
export function OrderView({ number }: { number: string }) {
  const open = useMemo(() => new OpenOrder(number), [number]);
  useEffect(() => {
    const stop = new AbortController();
    void open.follow(stop.signal);
    return () => stop.abort();
  }, [open]);
  const times = confirmed.value;
  const waits = waiting.value.filter(({ order }) => order === number);
  useEffect(() => {
    const stop = new AbortController();
    // What was sent has changed what stands on this device, and then the order at the gateway.
    if (times > 0) void open.lookAgain().then(() => (waits.length === 0 ? open.read(stop.signal) : undefined));
    return () => stop.abort();
  }, [times]);
  const kept = open.kept.value;
  return (
    <div class="order-page">
      <a class="case-back" href={VIEWS.orders.path} onClick={follows}>
        ← {t('job.back')}
      </a>
      {open.isGone.value && (
        <p class="trouble" role="alert">
          {t(kept ? 'job.left' : 'job.gone')}
        </p>
      )}
      {!kept && !open.isGone.value && <p class="hint">{t(missing(open))}</p>}
      {kept && <Known open={open} kept={kept} waits={waits} />}
    </div>
  );
}

function missing({ isLookedFor, isOld }: OpenOrder): 'job.gone' | 'job.loading' {
  return isLookedFor.value && isOld.value ? 'job.gone' : 'job.loading';
}

interface KnownProps {
  open: OpenOrder;
  kept: KeptOrder;
  waits: readonly Entry[];
}

function Known({ open, kept, waits }: KnownProps) {
  const { order, device } = kept;
  return (
    <>
      <Head open={open} kept={kept} waits={waits} />
      <Waits kept={kept} entries={waits} />
      <SecretOfUnit number={order.number} />
      <DeedBar open={open} kept={kept} waits={waits} />
      {kept.check && <Found check={kept.check} />}
      <section class="panel" aria-labelledby="order-facts">
        <h3 id="order-facts">{t('job.device')}</h3>
        <dl class="pairs">
          <dt>{t('job.device')}</dt>
          <dd>
            <a class="device-link" href={deviceAddress(device.id)} onClick={follows}>
              <bdi>{device.name}</bdi> ({device.id})
            </a>
          </dd>
          <Pair title={t('job.unit')} text={unitText(kept, waits)} />
          <Pair title={t('job.address')} text={device.address} />
          <Pair title={t('job.pole')} text={device.pole} />
          <Pair title={t('job.place')} text={placeText(device.location)} />
          <Pair title={t('job.text')} text={order.text} />
          <Pair title={t('job.cause')} text={order.cause} />
          <Pair
            title={t('job.assignee')}
            text={order.assignee && nameOf(order.assignee)}
            besides={usernamesOf([{ username: order.assignee }])}
          />
        </dl>
      </section>
      <Happened kept={kept} />
    </>
  );
}

function placeText({ lat, lon, datum }: KeptOrder['device']['location']): string {
  return `${lat.toFixed(5)}, ${lon.toFixed(5)} (${datum === 'gcj02' ? 'GCJ-02' : 'WGS-84'})`;
}

/** The unit that hangs there, or that will when what waits was sent. */
function unitText({ device }: KeptOrder, waits: readonly Entry[]): string {
  const swap = waits.map(({ deed }) => deed).findLast((deed) => deed.kind === 'swap');
  return swap ? t('job.unit.will', { unit: unitWords(swap.unit) }) : unitWords(device.unit);
}

function Pair({ title, text, besides }: { title: string; text: string | null; besides?: string | undefined }) {
  if (text === null || text === '') return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <bdi title={besides}>{text}</bdi>
      </dd>
    </>
  );
}

function Head({ open, kept, waits }: KnownProps) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const { order, keptAtMs, labelAtMs } = kept;
  const will = expected(order, waits);
  const time = (atMs: number) => clockTime(new Date(atMs).toISOString(), nowMs.value);
  return (
    <header class="panel order-head">
      <h2 ref={title} tabIndex={-1}>
        <span class="order-number">{order.number}</span> <bdi>{order.title}</bdi>
      </h2>
      <p class="facts">
        <strong>{t(`order.state.${order.state}`)}</strong>
        {will.state !== order.state && (
          <span class="unconfirmed">{t('job.will', { state: t(`order.state.${will.state as 'open'}`) })}</span>
        )}
        {order.due && <Due due={order.due} />}
        <span>
          {t('job.label')}: {labelAtMs === null ? '–' : t('job.label.yes', { time: time(labelAtMs) })}
        </span>
      </p>
      {open.isReady.value && !open.isOld.value && <p class="ready">✓ {t('job.ready')}</p>}
      {open.isOld.value && (
        <p class="offline-note" role="status">
          {t('job.old', { time: time(keptAtMs) })}
        </p>
      )}
    </header>
  );
}

/** Until when it is to be done. */
export function Due({ due }: { due: string }) {
  const isOver = Date.parse(due) < nowMs.value;
  const time = clockTime(due, nowMs.value);
  return <span class={isOver ? 'trouble' : ''}>{t(isOver ? 'jobs.overdue' : 'jobs.due', { time })}</span>;
}
