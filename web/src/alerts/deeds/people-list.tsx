import { usePeople } from '../../forms/people.tsx';
import { session } from '../../session.ts';
import { t } from '../../texts.ts';
import type { Alert } from '../../types.ts';

/** So many can be taken in at a glance; others are typed. */
const NEAR_MAX = 8;
const HANDLING = { police: 'alerts.handle', maintenance: 'faults.handle' } as const;

interface PeopleListProps {
  /** Whose alert it is; all of the reader's area without it. */
  area?: string;
  /** On which desk it is. */
  desk: Alert['desk'];
  /** User name of whoever is chosen by now. */
  chosen?: string;
  onChoose(username: string, from: Element): void;
}

/** Who can be given an alert: whoever has duty first. One press chooses. */
export function PeopleList({ area, desk, chosen, onChoose }: PeopleListProps) {
  const people = usePeople({ can: HANDLING[desk], ...(area !== undefined && { jurisdiction: area }) });
  const others = (people ?? []).filter(({ username }) => username !== session.value?.username);
  const near = others.toSorted((a, b) => Number(b.onDuty) - Number(a.onDuty)).slice(0, NEAR_MAX);
  if (near.length === 0) return null;
  return (
    <fieldset class="people-list">
      <legend>{t('people.title')}</legend>
      {near.map(({ id, username, name, onDuty }) => (
        <button
          type="button"
          key={id}
          aria-pressed={chosen === username}
          onClick={({ currentTarget }) => onChoose(username, currentTarget)}
        >
          <bdi>{name}</bdi>{' '}
          {name !== username && (
            <span class="people-name">
              <bdi>{username}</bdi>
            </span>
          )}{' '}
          {onDuty && <span class="people-duty">{t('people.onDuty')}</span>}
        </button>
      ))}
    </fieldset>
  );
}
