import type { TargetedEvent } from 'preact';
import { session } from '../../session.ts';
import { t } from '../../texts.ts';
import { desk } from '../desk.ts';
import { assignSoon } from './deeds.ts';
import { Menu } from './menu.tsx';
import { leaveMenu } from './open-menu.ts';
import { PeopleList } from './people-list.tsx';

const NAME_MAX = 128;

/** Who sees to alerts: a name, or oneself; `label` is on the button. */
export function AssignMenu({ of, ids, label }: { of: string; ids: readonly string[]; label: string }) {
  const give = (to: string, from: Element) => {
    if (to === '') return;
    leaveMenu(from);
    assignSoon(ids, to);
  };
  const submit = (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    give(String(new FormData(event.currentTarget).get('to')).trim(), event.currentTarget);
  };
  return (
    <Menu of={of} menu="assign" label={label} title={t('assign.title')}>
      <form class="assign" onSubmit={submit}>
        <PeopleList desk={desk.value} onChoose={give} />
        <label>
          {t('assign.to')}
          <input name="to" maxLength={NAME_MAX} autocomplete="off" required />
        </label>
        <button type="submit" class="primary">
          {t('assign.do')}
        </button>
        <button
          type="button"
          onClick={(event) => give(session.value?.username ?? session.value?.name ?? '', event.currentTarget)}
        >
          {t('assign.me')}
        </button>
      </form>
    </Menu>
  );
}
