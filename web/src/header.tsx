import { SeverityBadge } from './alerts/severity.tsx';
import { heardAtMs, link } from './alerts/stream.ts';
import { clockOffsetMs } from './api.ts';
import { countedDesk, kinds, overview, rates, staleS } from './overview.ts';
import { session } from './session.ts';
import { leave } from './settings/leave.tsx';
import { soundOn, soundWaits, switchSound } from './sound.ts';
import { language, locale, switchLanguage, t } from './texts.ts';
import { nowMs } from './ticker.ts';
import { type DeviceCounts, SEVERITIES } from './types.ts';

/** What stands above everything: how the city is, whether this page still hears of it, and who is looking. */
export function Header() {
  return (
    <header class="head">
      <div class="bar">
        <h1>{t('app.name')}</h1>
        <LinkState />
        <span class="spacer" />
        <button
          type="button"
          class="sound"
          aria-pressed={soundOn.value}
          title={t('sound.hint')}
          onClick={() => void switchSound()}
        >
          <Speaker />
          {t(soundWaits.value ? 'sound.waiting' : soundOn.value ? 'sound.on' : 'sound.off')}
        </button>
        <LanguageButton />
        <span class="who">
          <bdi>{session.value?.name}</bdi>
        </span>
        <button type="button" class="quiet leave" onClick={() => void leave()}>
          {t('logout')}
        </button>
      </div>
      <Banner />
      <Numbers />
    </header>
  );
}

/** A loudspeaker, with waves or crossed out. */
function Speaker() {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 7h3l5-4v14l-5-4H2z" stroke="none" />
      <path
        d={soundOn.value ? 'M13 7q2 3 0 6M15.5 4.5q4 5.5 0 11' : 'M13 7.5l5 5m0-5l-5 5'}
        fill="none"
        stroke-width="1.6"
        stroke-linecap="round"
      />
    </svg>
  );
}

export function LanguageButton() {
  return (
    <button
      type="button"
      class="quiet language"
      lang={language.value === 'zh' ? 'en' : 'zh-CN'}
      onClick={switchLanguage}
    >
      {t('language.other')}
    </button>
  );
}

function LinkState() {
  return (
    <span class={`link link-${link.value}`} role="status">
      {t(`link.${link.value}`)}
    </span>
  );
}

function Banner() {
  if (link.value !== 'silent') return null;
  const s = Math.floor((nowMs.value - clockOffsetMs.value - heardAtMs.value) / 1_000);
  return (
    <p class="banner" role="alert">
      {t('banner.silent', { s })}
    </p>
  );
}

function Numbers() {
  const numbers = overview.value;
  const desk = countedDesk.value;
  return (
    <div class={`numbers${staleS.value === null ? '' : ' numbers-old'}`}>
      <section aria-label={t(`overview.${desk}`)} class="figure">
        <h2>{t(`overview.${desk}`)}</h2>
        <ul class="severities">
          {SEVERITIES.map((severity) => (
            <li key={severity} class={numbers?.[desk][severity] ? '' : 'none'}>
              <SeverityBadge severity={severity} />
              <b>{numbers ? count(numbers[desk][severity] ?? 0) : '–'}</b>
            </li>
          ))}
        </ul>
      </section>
      <section aria-label={t('overview.rate')} class="figure figure-rate">
        <h2>{t('overview.rate')}</h2>
        <p class="rate">
          <b>{numbers ? count(numbers.messagesPerSecond, 1) : '–'}</b>
          <Curve values={rates.value} />
        </p>
      </section>
      <section aria-label={t('overview.devices')} class="figure figure-devices">
        <h2>{t('overview.devices')}</h2>
        {numbers?.devices.length === 0 && <p class="hint">{t('overview.none')}</p>}
        <ul class="kinds">
          {numbers?.devices.map((counts) => (
            <KindCounts key={counts.kind} counts={counts} />
          ))}
        </ul>
      </section>
      {staleS.value !== null && <p class="old">{t('overview.old', { s: staleS.value })}</p>}
    </div>
  );
}

const STATES = ['online', 'stale', 'offline', 'silent'] as const;

function KindCounts({ counts }: { counts: DeviceCounts }) {
  const title = kinds.value.get(counts.kind)?.title;
  return (
    <li>
      <span class="kind">{title ? title[language.value] : counts.kind}</span>
      {STATES.filter((state) => counts[state] > 0 || state === 'online').map((state) => (
        <span key={state} class={`state state-${state}`}>
          <b>{count(counts[state])}</b> {t(`state.${state}`)}
        </span>
      ))}
    </li>
  );
}

function count(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale.value, { maximumFractionDigits: digits }).format(value);
}

const CURVE_WIDTH = 120;
const CURVE_HEIGHT = 28;

/** The last two minutes, as a hint of what is usual. */
function Curve({ values }: { values: readonly number[] }) {
  if (values.length < 2) return null;
  const top = Math.max(1, ...values) * 1.1;
  const step = CURVE_WIDTH / (values.length - 1);
  const points = values.map(
    (value, at) => `${(at * step).toFixed(1)},${((1 - value / top) * CURVE_HEIGHT).toFixed(1)}`,
  );
  return (
    <svg class="curve" viewBox={`0 0 ${CURVE_WIDTH} ${CURVE_HEIGHT}`} aria-hidden="true">
      <polyline points={points.join(' ')} />
    </svg>
  );
}
