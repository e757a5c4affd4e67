import { usernamesOf } from '../../people.ts';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { OrderDetail } from '../../types.ts';
import { type KeptOrder, PHOTO_SUBJECTS } from '../kept/kept.ts';
import { t } from '../say.ts';

type Step = OrderDetail['steps'][number];

/** What was done with the order as the gateway knows it, the newest first, and which photos it has. */
export function Happened({ kept: { order } }: { kept: KeptOrder }) {
  const counts = PHOTO_SUBJECTS.map(
    (what) => [what, order.photos.filter((photo) => photo.what === what).length] as const,
  );
  return (
    <section class="panel" aria-labelledby="order-happened">
      <h3 id="order-happened">{t('job.happened')}</h3>
      {order.photos.length > 0 && (
        <p class="facts">
          <span>{t('job.photos')}</span>
          {counts.map(
            ([what, n]) =>
              n > 0 && <span key={what}>{t('job.photos.count', { what: t(`job.photo.${what}`), n })}</span>,
          )}
        </p>
      )}
      <ul class="lines">
        {order.steps.toReversed().map((step) => (
          <li key={step.id}>
            <StepLine step={step} />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** One step: when, what, by whom, and what was said. */
export function StepLine({ step: { at, what, state, by, note } }: { step: Step }) {
  return (
    <>
      <time dateTime={at}>{clockTime(at, nowMs.value)}</time>
      <span>
        <b>{t(`happened.${what}`, { state: t(`order.state.${state}`) })}</b> ·{' '}
        <bdi title={usernamesOf([{ name: by }])}>{by}</bdi>
        {note !== null && (
          <>
            {' · '}
            <bdi>{note}</bdi>
          </>
        )}
      </span>
    </>
  );
}
