import { rules } from '../../alerts/choices.ts';
import { wordFor } from '../../fields.ts';
import { follows } from '../../ground/router.ts';
import { language, lasting } from '../../texts.ts';
import { Unfold } from '../common/deed.tsx';
import { List, Row } from '../common/list.tsx';
import { Wide } from '../common/wide.tsx';
import { pieceAddress } from '../pieces.ts';
import { t, tOf } from '../say.ts';
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
              <Called title={t('kinds.events')} wordOf={(name) => tOf('event', name)} all={more.events} />
              <Called title={t('kinds.commands')} wordOf={(name) => name} all={more.commands} />
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
        {Object.entries(fields).map(([field, { title, type, unit, min, max, values }]) => (
          <tr key={field}>
            <td>
              <Name name={field} title={title} word={wordFor(field)} />
            </td>
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

interface CalledProps {
  title: string;
  wordOf(name: string): string;
  all: Record<string, { title?: Title | undefined }>;
}

/** Events or commands, as people call them. */
function Called({ title, wordOf, all }: CalledProps) {
  const names = Object.entries(all);
  return (
    <p>
      <b>{title}</b>{' '}
      {names.length === 0
        ? t('kinds.nothing')
        : names.map(([name, one], at) => (
            <span key={name}>
              {at > 0 && ', '}
              <Name name={name} title={one.title} word={wordOf(name)} />
            </span>
          ))}
    </p>
  );
}

type Title = DeviceKind['title'];

/** What people call it, and by its side the name that it has in messages. */
function Name({ name, title, word }: { name: string; title: Title | undefined; word: string }) {
  const called = title?.[language.value] ?? word;
  return (
    <>
      {called !== name && <>{called} </>}
      <code>{name}</code>
    </>
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
