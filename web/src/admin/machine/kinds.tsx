import { rules } from '../../alerts/choices.ts';
import { follows } from '../../ground/router.ts';
import { language, lasting } from '../../texts.ts';
import { Unfold } from '../common/deed.tsx';
import { List, Row } from '../common/list.tsx';
import { Wide } from '../common/wide.tsx';
import { pieceAddress } from '../pieces.ts';
import { t } from '../say.ts';
import type { DeviceKind } from '../types.ts';

/** What devices of each kind send and can be told, and which rules look at it. */
export function Kinds() {
  return (
    <section class="panel" aria-label={t('piece.kinds')}>
      <List<DeviceKind>
        path="/kinds"
        everyMs={null}
        none={t('kinds.none')}
        keyOf={({ kind }) => kind}
        row={(kind) => <One kind={kind} />}
      />
    </section>
  );
}

function One({ kind: { kind, title, version, periodS, staleAfterS, stream, codec, ...more } }: { kind: DeviceKind }) {
  return (
    <Row
      title={title[language.value]}
      facts={[
        kind,
        t('kinds.version', { n: version }),
        t('kinds.period', { time: lasting(periodS) }),
        t('kinds.stale', { time: lasting(staleAfterS) }),
        codec,
        stream && t('kinds.stream'),
      ]}
      deeds={
        <Unfold label={t('kinds.show')}>
          {() => (
            <div class="admin-part">
              <Fields name={title[language.value]} fields={more.fields} />
              <p>
                <b>{t('kinds.events')}</b> {Object.keys(more.events).join(', ') || t('kinds.nothing')}
              </p>
              <p>
                <b>{t('kinds.commands')}</b> {Object.keys(more.commands).join(', ') || t('kinds.nothing')}
              </p>
              <RulesOf kind={kind} />
            </div>
          )}
        </Unfold>
      }
    />
  );
}

function Fields({ name, fields }: { name: string; fields: DeviceKind['fields'] }) {
  return (
    <Wide name={name}>
      <thead>
        <tr>
          <th scope="col">{t('kinds.field')}</th>
          <th scope="col">{t('kinds.type')}</th>
          <th scope="col">{t('kinds.unit')}</th>
          <th scope="col">{t('kinds.range')}</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(fields).map(([field, { type, unit, min, max, values }]) => (
          <tr key={field}>
            <td>{field}</td>
            <td>{type}</td>
            <td>{unit ?? '–'}</td>
            <td>
              {values?.join(', ') ?? (min === undefined && max === undefined ? '–' : `${min ?? ''} … ${max ?? ''}`)}
            </td>
          </tr>
        ))}
      </tbody>
    </Wide>
  );
}

function RulesOf({ kind }: { kind: string }) {
  const watching = rules.value.filter(({ kinds }) => kinds.includes(kind));
  return (
    <p>
      <b>{t('kinds.rules')}</b>{' '}
      {watching.length === 0
        ? t('kinds.nothing')
        : watching.map(({ rule, title }) => (
            <a
              key={rule}
              class="admin-link"
              href={`${pieceAddress('rules')}?rule=${encodeURIComponent(rule)}`}
              onClick={follows}
            >
              {title[language.value]}
            </a>
          ))}
    </p>
  );
}
