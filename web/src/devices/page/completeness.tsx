import { nowMs } from '../../ticker.ts';
import type { Completeness as Answer } from '../../types.ts';
import { t } from '../say.ts';
import { usePolled } from './polled.ts';

const DAYS = 7;
const DAY_MS = 86_400_000;
const AGAIN_MS = 300_000;

/** What share of the readings that were expected came, by day. Absent where nothing was expected. */
export function Completeness({ path }: { path: string }) {
  const toMs = Math.ceil(nowMs.value / DAY_MS) * DAY_MS;
  const range = `from=${new Date(toMs - DAYS * DAY_MS).toISOString()}&to=${new Date(toMs).toISOString()}`;
  const { answer } = usePolled<Answer>(`${path}/completeness?${range}`, AGAIN_MS);
  const days = answer?.days.filter(({ expected }) => expected > 0) ?? [];
  if (days.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="part-complete">
      <h3 id="part-complete">{t('device.complete')}</h3>
      <table class="values">
        <thead>
          <tr>
            <th scope="col">{t('device.complete.day')}</th>
            <th scope="col">{t('device.complete.share')}</th>
            <th scope="col">{t('device.complete.count')}</th>
            <th scope="col">{t('device.complete.gaps')}</th>
          </tr>
        </thead>
        <tbody>
          {[...days].reverse().map(({ day, percent, received, expected, gaps }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{percent === null ? '–' : `${percent} %`}</td>
              <td>{t('device.complete.of', { n: received, of: expected })}</td>
              <td>{gaps.length}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
