import { useEffect, useState } from 'preact/hooks';
import { link } from '../../alerts/stream.ts';
import { usePolled } from '../../devices/page/polled.ts';
import { ScanPanel } from '../../devices/scan/scan-panel.tsx';
import { follows, go } from '../../ground/router.ts';
import { orderAddress } from '../../ground/views.ts';
import { nameOf, usernamesOf } from '../../people.ts';
import { isRemembered, whoIs } from '../../session.ts';
import type { Order, Page } from '../../types.ts';
import { findOrders, type Searched } from '../find.ts';
import { db } from '../kept/db.ts';
import type { KeptOrder } from '../kept/kept.ts';
import { confirmed, waiting } from '../queue/state.ts';
import { t } from '../say.ts';
import { Due } from './order-view.tsx';
import { Secure } from './secure.tsx';
import '../../devices/devices.css';
import '../orders.css';

const AGAIN_MS = 15_000;

/** Work orders: those on this device, mine, and those that nobody has. */
export function OrdersView() {
  return (
    <div class="orders-page">
      <h2>{t('jobs.title')}</h2>
      <Secure />
      <Find />
      <Kept />
      <Listed />
    </div>
  );
}

/** From a label, or what stands on it, to the work order of its device. */
function Find() {
  const [searched, setSearched] = useState<Searched | null>(null);
  const look = async (text: string) => {
    setSearched(null);
    const found = await findOrders(text);
    const [only] = found.orders;
    if (only && found.orders.length === 1) go(orderAddress(only.number));
    else setSearched(found);
  };
  const { what = '', orders = [], isAsked = false } = searched ?? {};
  return (
    <section class="panel" aria-labelledby="orders-find">
      <h3 id="orders-find">{t('jobs.find')}</h3>
      <ScanPanel onText={(text) => void look(text)} typed={t('jobs.find.hint')} />
      {searched && (
        <p role="status">
          <bdi>
            {orders.length > 0
              ? t('jobs.find.several', { what })
              : t(isAsked ? 'jobs.find.none' : 'jobs.find.notKept', { what })}
          </bdi>
        </p>
      )}
      <Rows orders={orders} />
    </section>
  );
}

/** What this device keeps of this person. */
function Kept() {
  const [kept, setKept] = useState<readonly KeptOrder[] | null>(null);
  const times = confirmed.value;
  useEffect(() => {
    const owner = whoIs.value;
    if (owner === null) return;
    db.orders(owner).then(setKept, () => setKept([]));
  }, [times]);
  if (!kept) return null;
  return (
    <section class="panel" aria-labelledby="orders-kept">
      <h3 id="orders-kept">{t('jobs.kept')}</h3>
      <p class="hint">{t(kept.length > 0 ? 'jobs.kept.hint' : 'jobs.kept.none')}</p>
      <Rows orders={kept.map(({ order }) => order)} names={new Map(kept.map((one) => [one.number, one.device.name]))} />
    </section>
  );
}

function Listed() {
  const asks = !isRemembered.value;
  const mine = usePolled<Page<Order>>(asks ? '/orders?unclosed=true&mine=true&limit=50' : null, AGAIN_MS);
  const all = usePolled<Page<Order>>(asks ? '/orders?state=open&limit=50' : null, AGAIN_MS);
  if (!mine.answer && !all.answer)
    return <p class="hint">{t(asks && link.value !== 'silent' ? 'loading' : 'jobs.failed')}</p>;
  const own = new Set(mine.answer?.items.map(({ number }) => number));
  const open = all.answer?.items.filter(({ number }) => !own.has(number));
  return (
    <>
      <section class="panel" aria-labelledby="orders-mine">
        <h3 id="orders-mine">{t('jobs.mine')}</h3>
        <Rows orders={mine.answer?.items ?? []} />
        {mine.answer?.items.length === 0 && <p class="hint">{t('jobs.mine.none')}</p>}
      </section>
      <section class="panel" aria-labelledby="orders-open">
        <h3 id="orders-open">{t('jobs.open')}</h3>
        <Rows orders={open ?? []} />
        {open?.length === 0 && <p class="hint">{t('jobs.open.none')}</p>}
      </section>
    </>
  );
}

function Rows({ orders, names }: { orders: readonly Order[]; names?: ReadonlyMap<string, string> }) {
  return (
    <ul class="order-list">
      {orders.map((order) => {
        const waits = waiting.value.filter((entry) => entry.order === order.number).length;
        return (
          <li key={order.number}>
            <a href={orderAddress(order.number)} onClick={follows}>
              <span>
                <b class="order-number">{order.number}</b> <bdi>{order.title}</bdi>
              </span>
              <span class="facts">
                <span>{t(`order.state.${order.state}`)}</span>
                <bdi>{names?.get(order.number) ?? order.device}</bdi>
                {order.assignee !== null && (
                  <bdi title={usernamesOf([{ username: order.assignee }])}>
                    {t('jobs.given', { name: nameOf(order.assignee) })}
                  </bdi>
                )}
                {order.due && <Due due={order.due} />}
                {waits > 0 && <strong class="unconfirmed">{t('wait.title', { n: waits })}</strong>}
              </span>
            </a>
          </li>
        );
      })}
    </ul>
  );
}
