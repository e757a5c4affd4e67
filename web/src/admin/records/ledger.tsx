import { useState } from 'preact/hooks';
import { usePolled } from '../../devices/page/polled.ts';
import { kindTitle } from '../../devices/words.ts';
import { Wide } from '../common/wide.tsx';
import { t } from '../say.ts';
import type { Ledger as Books } from '../types.ts';
import { areaText, countText, timeText } from '../words.ts';
import { Stories } from './stories.tsx';

const AGAIN_MS = 10_000;

/** Whether everything that was received is accounted for, and what became of a message. */
export function Ledger() {
  const { answer } = usePolled<Books>('/ledger', AGAIN_MS);
  return (
    <>
      <section class="panel" aria-label={t('piece.ledger')}>
        {answer ? <Balance books={answer} /> : <p class="hint">{t('part.reading')}</p>}
      </section>
      <OneMessage />
    </>
  );
}

function Balance({ books: { balanced, asOf, epoch, rows } }: { books: Books }) {
  return (
    <>
      <p role="status" class={balanced ? 'balance' : 'balance trouble'}>
        <b>{t(balanced ? 'ledger.balanced' : 'ledger.unbalanced')}</b>
      </p>
      <p class="facts">
        <span>{t('ledger.asOf', { positions: asOf.join(', ') })}</span>
        <span>{t('ledger.epoch', { time: timeText(epoch.since) })}</span>
      </p>
      {rows.length === 0 ? <p class="hint">{t('ledger.none')}</p> : <Table rows={rows} />}
    </>
  );
}

const COLUMNS = ['received', 'decoded', 'stored', 'duplicate', 'dead', 'waiting', 'difference'] as const;

function Table({ rows }: { rows: Books['rows'] }) {
  return (
    <Wide name={t('ledger.kind')}>
      <thead>
        <tr>
          <th scope="col">{t('ledger.kind')}</th>
          <th scope="col">{t('admin.area')}</th>
          {COLUMNS.map((name) => (
            <th key={name} scope="col" class="number">
              {t(`ledger.${name}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.kind} ${row.jurisdiction}`}>
            <td>{kindTitle(row.kind)}</td>
            <td>{areaText(row.jurisdiction)}</td>
            {countsOf(row).map(([name, count]) => (
              <td key={name} class={name === 'difference' && count !== 0 ? 'number trouble' : 'number'}>
                {countText(count)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Wide>
  );
}

function countsOf({ messages, records, difference }: Books['rows'][number]): [(typeof COLUMNS)[number], number][] {
  return [
    ['received', messages.total],
    ['decoded', records.total],
    ['stored', records.stored],
    ['duplicate', records.duplicate],
    ['dead', messages.deadLettered + records.deadLettered],
    ['waiting', messages.waiting + records.waiting],
    ['difference', difference],
  ];
}

function OneMessage() {
  const [asked, setAsked] = useState('');
  return (
    <section class="panel" aria-labelledby="story-title">
      <h3 id="story-title">{t('story.title')}</h3>
      <form
        class="admin-form"
        onSubmit={(event) => {
          event.preventDefault();
          setAsked(String(new FormData(event.currentTarget).get('receipt')).trim());
        }}
      >
        <div class="admin-field">
          <label for="story-receipt">{t('story.receipt')}</label>
          <input
            id="story-receipt"
            name="receipt"
            maxLength={64}
            required
            aria-describedby="story-hint"
            autocomplete="off"
          />
          <p class="hint" id="story-hint">
            {t('story.receipt.hint')}
          </p>
        </div>
        <div class="bar">
          <button type="submit">{t('story.look')}</button>
        </div>
      </form>
      {asked !== '' && <Stories key={asked} path={`/messages?id=${encodeURIComponent(asked)}`} />}
    </section>
  );
}
