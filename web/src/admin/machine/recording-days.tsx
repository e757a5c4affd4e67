import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { districtName } from '../../alerts/choices.ts';
import { useAnswer } from '../../case/use-answer.ts';
import { usePages } from '../../forms/all-pages.ts';
import { adjust, follows, place } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { session } from '../../session.ts';
import { VIDEO_TEXTS } from '../../texts/video.ts';
import { language } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import { v } from '../../video/words.ts';
import { Wide } from '../common/wide.tsx';
import { t } from '../say.ts';
import type { RecordingDay, RecordingReport } from '../types.ts';
import { countText, timeText } from '../words.ts';
import '../../forms/paper.css';

const REPORT = '/reports/recording';
const PAGE_ROWS = 100;
/** Ids of cameras, and codes of areas. */
const ID = '[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}';
/** What the report is asked by; it stands in the address, so that it can be sent to somebody. */
const ASKED = ['from', 'to', 'below', 'jurisdiction', 'device'] as const;

/** How much was recorded of each camera day by day, of what should have been. */
export function RecordingDays() {
  const { query } = place.value;
  const asked = new URLSearchParams(ASKED.flatMap((name) => (query.get(name) ? [[name, query.get(name) ?? '']] : [])));
  const table = new URLSearchParams([...asked, ['format', 'csv'], ['titles', language.value]]);
  return (
    <section class="panel paper" aria-label={t('piece.recordings')}>
      <Asking asked={asked} />
      <span class="bar off-paper">
        <a class="as-button" href={`/api/v1${REPORT}?${table}`} download>
          {t('recordings.csv')}
        </a>
        <button type="button" onClick={() => print()}>
          {t('recordings.print')}
        </button>
      </span>
      <Found
        key={asked.toString()}
        path={`${REPORT}?${new URLSearchParams([...asked, ['limit', String(PAGE_ROWS)]])}`}
      />
      <p class="on-paper">
        {t('recordings.printed', {
          name: session.value?.name ?? '',
          time: timeText(new Date(nowMs.value).toISOString()),
        })}
      </p>
    </section>
  );
}

function Asking({ asked }: { asked: URLSearchParams }) {
  const [values, setValues] = useState(Object.fromEntries(asked));
  return (
    <form
      class="filters filters-unfolded off-paper"
      aria-label={t('recordings.asked')}
      onSubmit={(event) => {
        event.preventDefault();
        adjust(new URLSearchParams(Object.entries(values).filter(([, value]) => value !== '')));
      }}
    >
      {ASKED.map((name) => (
        <label key={name} for={`recordings-${name}`}>
          <span>{t(`recordings.${name}`)}</span>
          <Typed name={name} value={values[name] ?? ''} onInput={(value) => setValues({ ...values, [name]: value })} />
        </label>
      ))}
      <button type="submit" class="primary">
        {t('admin.show')}
      </button>
    </form>
  );
}

interface TypedProps {
  name: (typeof ASKED)[number];
  value: string;
  onInput(value: string): void;
}

function Typed({ name, value, onInput }: TypedProps) {
  const typed = {
    id: `recordings-${name}`,
    name,
    value,
    onInput: ({ currentTarget }: TargetedEvent<HTMLInputElement>) => onInput(currentTarget.value.trim()),
  };
  if (name === 'from' || name === 'to') return <input {...typed} type="date" />;
  if (name === 'below') return <input {...typed} type="number" min={0} max={100} step="any" />;
  // An address is kept and sent: what is no id or code, such as a plate or a name, does not come into it.
  return <input {...typed} type="text" maxLength={64} pattern={ID} title={t('recordings.id')} autocomplete="off" />;
}

function Found({ path }: { path: string }) {
  const { answer: head } = useAnswer<RecordingReport>(path);
  const { items, hasMore, refused, readOn } = usePages<RecordingDay>({
    path,
    everyMs: null,
    keyOf: ({ day, device }) => `${device} ${day}`,
  });
  if (refused) {
    return (
      <p class="trouble" role="alert">
        {t('recordings.wrong')}
      </p>
    );
  }
  if (!items) return <p class="hint">{t('part.reading')}</p>;
  return (
    <>
      {head && <Sum head={head} />}
      {items.length === 0 ? <p class="hint">{t('recordings.none')}</p> : <Days items={items} />}
      {hasMore && (
        <button type="button" class="quiet off-paper" onClick={readOn}>
          {t('recordings.more')}
        </button>
      )}
    </>
  );
}

function Sum({ head: { from, to, sum } }: { head: RecordingReport }) {
  return (
    <p role="status">
      {t('recordings.sum', {
        from,
        to,
        cameras: countText(sum.cameras),
        percent: percentText(sum.percent),
        recorded: hoursText(sum.recordedS),
        expected: hoursText(sum.expectedS),
      })}
    </p>
  );
}

const COLUMNS = ['day', 'camera', 'area', 'percent', 'recorded', 'edge', 'holes', 'longest', 'oldest'] as const;

function Days({ items }: { items: readonly RecordingDay[] }) {
  return (
    <Wide name={t('recordings.days')}>
      <thead>
        <tr>
          {COLUMNS.map((name) => (
            <th key={name} scope="col">
              {t(`recordings.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((one) => (
          <tr key={`${one.device} ${one.day}`}>
            <td>{one.day}</td>
            <th scope="row">
              <a class="admin-link" href={deviceAddress(one.device)} onClick={follows}>
                <bdi>{one.name}</bdi>
              </a>
            </th>
            <td>
              <bdi>{districtName(one.jurisdiction)}</bdi>
            </td>
            <td>{percentText(one.percent)}</td>
            <td>
              {t('recordings.ofHours', { recorded: hoursText(one.recordedS), expected: hoursText(one.expectedS) })}
            </td>
            <td>{hoursText(one.edgeS)}</td>
            <td>{countText(one.holes)}</td>
            <td>
              {one.holes === 0 ? '–' : `${hoursText(one.longestHoleS)} `}
              {one.cause !== null && <bdi>{causeText(one.cause)}</bdi>}
            </td>
            <td>
              {one.oldestDay ?? '–'}
              {one.isRemovedEarly && <span class="mark mark-bad">{t('recordings.early')}</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </Wide>
  );
}

/** As the timeline of recordings says it; what it does not know is shown as it is. */
function causeText(cause: string): string {
  const key = `gap.${cause}`;
  return Object.hasOwn(VIDEO_TEXTS, key) ? v(key as 'gap.camera') : cause;
}

function percentText(percent: number | null): string {
  return percent === null ? '–' : `${percent} %`;
}

/** Hours, minutes and seconds, as 23:59:58. */
function hoursText(seconds: number): string {
  const part = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${part(seconds / 3_600)}:${part((seconds / 60) % 60)}:${part(seconds % 60)}`;
}
