import { Steps } from '../../devices/deeds/steps.tsx';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { KeptOrder } from '../kept/kept.ts';
import { t } from '../say.ts';

/** What the check found that was asked for from here. */
export function Found({ check: { steps, grade, at } }: { check: NonNullable<KeptOrder['check']> }) {
  return (
    <section class="panel" aria-labelledby="order-check">
      <h3 id="order-check">{t('job.check.found')}</h3>
      <p class={`check-says check-${grade}`}>
        {t(`job.check.${grade}`)} · <time dateTime={at}>{clockTime(at, nowMs.value)}</time>
      </p>
      <Steps steps={steps} expected={[]} running={false} />
    </section>
  );
}
