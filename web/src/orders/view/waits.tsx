import { useEffect, useState } from 'preact/hooks';
import { clockTime } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import { db } from '../kept/db.ts';
import { type Entry, type KeptOrder, unitWords } from '../kept/kept.ts';
import { drop } from '../queue/decide.ts';
import { changed, readWaiting, uuid } from '../queue/state.ts';
import { t } from '../say.ts';
import { Clash } from './clash.tsx';

interface Props {
  kept: KeptOrder;
  entries: readonly Entry[];
}

/** What was entered and is not confirmed, in the order in which it will be sent. */
export function Waits({ kept, entries }: Props) {
  const stuck = entries.findIndex(({ trouble }) => trouble !== null);
  return (
    <section class={`panel waits${entries.length > 0 ? ' waits-some' : ''}`} aria-labelledby="waits-title">
      <h3 id="waits-title">
        <span role="status">{entries.length > 0 ? t('wait.title', { n: entries.length }) : t('wait.none')}</span>
      </h3>
      {entries.length > 0 && stuck === -1 && <p class="hint">{t('wait.network')}</p>}
      <ol class="wait-list">
        {entries.map((entry, at) => (
          <li key={entry.seq} class={entry.trouble ? 'wait-stuck' : ''}>
            <Waiting entry={entry} isBehind={stuck !== -1 && at > stuck} />
            {entry.trouble && <Clash kept={kept} entry={entry} trouble={entry.trouble} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Waiting({ entry, isBehind }: { entry: Entry; isBehind: boolean }) {
  const { deed, state, trouble, madeAtMs } = entry;
  const how = trouble ? 'wait.stuck' : isBehind ? 'wait.behind' : state === 'tried' ? 'wait.tried' : 'wait.waiting';
  const takeBack = async () => {
    await drop(entry, { outbox: db, uuid });
    await readWaiting(entry.owner);
    changed();
  };
  return (
    <div class="wait-row">
      {deed.kind === 'photo' && <Thumbnail entry={entry} />}
      <span class="wait-what">
        <b>
          <bdi>{wordsOf(entry)}</bdi>
        </b>
        <span class="facts">
          <time>{clockTime(new Date(madeAtMs).toISOString(), nowMs.value)}</time>
          <span>{t(how)}</span>
        </span>
        {noteOf(entry) !== '' && <bdi>{noteOf(entry)}</bdi>}
      </span>
      {state === 'waiting' && !trouble && (
        <button type="button" class="quiet" onClick={() => void takeBack()}>
          {t('wait.takeBack')}
        </button>
      )}
    </div>
  );
}

/** What was entered, in a few words. */
export function wordsOf({ deed }: Entry): string {
  if (deed.kind === 'step') return t(`wait.step.${deed.to}`);
  if (deed.kind === 'photo') return t('wait.photo', { what: t(`job.photo.${deed.what}`) });
  if (deed.kind === 'swap') return t('wait.swap', { hung: deed.hung, unit: unitWords(deed.unit) });
  return t(deed.kind === 'note' ? 'wait.note' : 'wait.check');
}

function noteOf({ deed }: Entry): string {
  if (deed.kind === 'note' || deed.kind === 'step') return deed.note ?? '';
  return deed.kind === 'swap' ? deed.reason : '';
}

function Thumbnail({ entry }: { entry: Entry }) {
  const [address, setAddress] = useState<string | null>(null);
  const { deed } = entry;
  const type = deed.kind === 'photo' ? deed.type : '';
  useEffect(() => {
    let made: string | null = null;
    let isGone = false;
    void db.bytes(entry).then((bytes) => {
      if (!bytes || isGone) return;
      made = URL.createObjectURL(new Blob([bytes], { type }));
      setAddress(made);
    });
    return () => {
      isGone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [entry.id]);
  return <span class="wait-thumb">{address && <img src={address} alt="" />}</span>;
}
