import type { TargetedEvent } from 'preact';
import { useEffect } from 'preact/hooks';
import { age, clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { CaseAlert, Evidence as Item } from '../../types.ts';
import type { Pictures, Shown } from '../pictures.ts';
import { t } from '../say.ts';

const CASE_MAX = 64;
/** A picture that was so much older when it was attached says so. */
const OLD_MS = 2_000;

/** What was kept with an alert: pictures at once, clips when they are asked for. */
export function Evidence({ alert, pictures }: { alert: CaseAlert; pictures: Pictures }) {
  const items = alert.evidence.filter(({ type }) => type !== 'unavailable');
  const missing = alert.evidence.filter(({ type }) => type === 'unavailable');
  const waits = alert.evidence.length === 0 && alert.handling !== 'closed';
  const wanted = items.filter(({ type }) => type === 'picture').map(({ id }) => id);
  useEffect(() => {
    for (const one of items) if (one.type === 'picture') void pictures.read(one);
  }, [wanted.join(' ')]);
  return (
    <section class="panel" aria-labelledby="seen-title">
      <h3 id="seen-title">{t('seen.title')}</h3>
      {waits && <p class="hint">{t('seen.waiting')}</p>}
      <ul class="seen">
        {items.map((one) => (
          <li key={one.id}>
            <One item={one} pictures={pictures} />
          </li>
        ))}
      </ul>
      {missing.map(({ id, reason }) => (
        <p class="hint" key={id}>
          <bdi>{t('seen.none', { reason: reason ?? '–' })}</bdi>
        </p>
      ))}
    </section>
  );
}

function One({ item, pictures }: { item: Item; pictures: Pictures }) {
  const shown = pictures.shown.value.get(item.id);
  const time = clockTime(item.takenAt, nowMs.value);
  if (item.type === 'clip' && shown === undefined) {
    return (
      <button type="button" onClick={() => void pictures.read(item)}>
        {t('seen.showClip', { time })}
      </button>
    );
  }
  if (shown === undefined || shown.is === 'reading') return <p class="hint">{t('seen.loading')}</p>;
  if (shown.is === 'failed') return <p class="trouble">{t('seen.failed', { reason: shown.why })}</p>;
  if (shown.is === 'needs-case') return <CaseForm onNamed={(named) => void pictures.read(item, named)} />;
  return (
    <figure>
      {item.type === 'clip' ? (
        <video src={shown.url} controls playsInline muted />
      ) : (
        <img src={shown.url} alt={t('alert.picture', { camera: item.camera ?? '' })} />
      )}
      <Caption item={item} shown={shown} />
    </figure>
  );
}

/** Which camera, when, how old it was then, and under which number the look is registered. */
export function Caption({ item, shown }: { item: Item; shown: Extract<Shown, { is: 'here' }> }) {
  const said = [
    t('seen.of', { camera: item.camera ?? '–', time: clockTime(item.takenAt, nowMs.value) }),
    (item.ageMs ?? 0) > OLD_MS ? t('seen.old', { age: age(item.ageMs ?? 0) }) : '',
    item.reason === null ? '' : t('seen.lacks', { reason: item.reason }),
    shown.register === null ? '' : t('seen.register', { n: shown.register }),
  ];
  return (
    <figcaption>
      <bdi>{said.filter((text) => text !== '').join(' · ')}</bdi>
    </figcaption>
  );
}

/** Asks for the number of the case that pictures of children, say, are looked at for. */
export function CaseForm({ onNamed }: { onNamed(named: string): void }) {
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    const named = String(new FormData(event.currentTarget).get('case')).trim();
    if (named !== '') onNamed(named);
  };
  return (
    <form class="case-number" onSubmit={submit}>
      <p>{t('seen.needsCase')}</p>
      <label>
        {t('seen.case')}
        <input name="case" maxLength={CASE_MAX} autocomplete="off" required />
      </label>
      <button type="submit">{t('seen.show')}</button>
    </form>
  );
}
