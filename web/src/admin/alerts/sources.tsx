import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { Secret } from '../../devices/deeds/secret.tsx';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t, tOf } from '../say.ts';
import type { EventSource, MadeEventSource } from '../types.ts';
import { areaText, byText, timeText } from '../words.ts';

const FORM = 'sources.new';

const FIELDS: readonly FieldSpec[] = [
  { name: 'id', label: 'sources.id' },
  { name: 'name', label: 'admin.name' },
  { name: 'jurisdiction', label: 'admin.area', as: 'area' },
  { name: 'severityMax', label: 'sources.severityMax', words: 'severity' },
];

/** Other systems whose events become alerts here. The key of each is shown once, with where it sends them. */
export function Sources() {
  const [made, setMade] = useState<MadeEventSource | null>(null);
  return (
    <section class="panel" aria-label={t('piece.sources')}>
      <p class="hint">{t('sources.hint')}</p>
      <Unfold label={t('sources.new')} primary open={isBegun(FORM)}>
        {(leave) => (
          <ApiForm
            operation="POST /event-sources"
            name={FORM}
            title={t('sources.new')}
            fields={FIELDS}
            submit={t('sources.new')}
            send={async (body) => setMade(await send<MadeEventSource>('POST', '/event-sources', body))}
            onDone={leave}
            onLeave={leave}
          />
        )}
      </Unfold>
      {made && (
        <div class="made" role="status">
          <p>{t('sources.to', { address: `${location.origin}/api/v1/events/v2/enqueue` })}</p>
          <Secret secret={made.routingKey} />
        </div>
      )}
      <List<EventSource>
        path="/event-sources"
        after={made?.id ?? ''}
        none={t('sources.none')}
        keyOf={({ id }) => id}
        row={(source, again) => <One source={source} again={again} />}
      />
    </section>
  );
}

function One({ source, again }: { source: EventSource; again: () => void }) {
  const { id, name, jurisdiction, severityMax, createdBy, createdAt, version } = source;
  return (
    <Row
      title={name}
      facts={[
        id,
        areaText(jurisdiction),
        t('sources.upTo', { severity: tOf('severity', severityMax) }),
        byText({ name: createdBy }),
        t('admin.since', { time: timeText(createdAt) }),
      ]}
      deeds={
        <Deed
          label={t('sources.end')}
          ask={t('sources.end.ask', { name })}
          run={() => send('DELETE', `/event-sources/${encodeURIComponent(id)}`, undefined, version)}
          onDone={again}
        />
      }
    />
  );
}
