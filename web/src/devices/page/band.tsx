import { age } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { HealthOfDevice, WholeDevice } from '../../types.ts';
import { t } from '../say.ts';
import { timeText } from '../words.ts';
import { type BandPiece, bandOf, DAY_MS } from './band-pieces.ts';
import { usePolled } from './polled.ts';

const AGAIN_MS = 15_000;
const STEP_MS = 60_000;
const WIDTH = 1_440;
const HEIGHT = 28;

/** How the device was in the last 24 hours: as a band, and in words. */
export function Band({ path, device }: { path: string; device: WholeDevice }) {
  const toMs = Math.floor(nowMs.value / STEP_MS) * STEP_MS;
  const { answer } = usePolled<HealthOfDevice>(device.health === null ? null : `${path}/health`, AGAIN_MS);
  if (!answer) return null;
  const { stretches, offlineS } = answer.downtime;
  const knownFromMs = Date.parse(device.createdAt);
  const pieces = bandOf(stretches, { fromMs: toMs - DAY_MS, toMs, knownFromMs });
  const isKnown = answer.health !== 'unknown';
  const well = t(isKnown ? 'band.well' : 'band.unknown');
  const says = offlineS === 0 ? well : t('band.says', { time: age(offlineS * 1_000) });
  return (
    <section class="panel" aria-labelledby="part-band">
      <h3 id="part-band">{t('band.title')}</h3>
      <svg class="band" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={says}>
        <rect class={isKnown ? 'band-well' : 'band-unknown'} width={WIDTH} height={HEIGHT} />
        {pieces.map((piece) => (
          <Piece key={`${piece.what} ${piece.from}`} {...piece} />
        ))}
      </svg>
      <p class="range">
        <span>{timeText(new Date(toMs - DAY_MS).toISOString())}</span>
        <span>{t('band.now')}</span>
      </p>
      <p>{says}</p>
      <ul class="lines">
        {[...stretches].reverse().map(({ what, from, to }) => (
          <li key={`${what} ${from}`}>
            <time dateTime={from}>{timeText(from)}</time>
            <span>
              {t(`band.${what}`)}
              {to === null ? ` · ${t('band.still')}` : ` · ${age(Date.parse(to) - Date.parse(from))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Piece({ what, from, to }: BandPiece) {
  return <rect class={`band-${what}`} x={from * WIDTH} width={Math.max(2, (to - from) * WIDTH)} height={HEIGHT} />;
}
