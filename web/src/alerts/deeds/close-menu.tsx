import { t, tOf } from '../../texts.ts';
import { VERDICTS } from '../../types.ts';
import { closeSoon } from './deeds.ts';
import { Menu } from './menu.tsx';
import { leaveMenu } from './open-menu.ts';

/** Why alerts are closed; `label` is on the button. */
export function CloseMenu({ of, ids, label }: { of: string; ids: readonly string[]; label: string }) {
  return (
    <Menu of={of} menu="close" label={label} title={t('alert.closeAs')}>
      {VERDICTS.map((verdict) => (
        <button
          key={verdict}
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={(event) => {
            leaveMenu(event.currentTarget);
            closeSoon(ids, verdict);
          }}
        >
          {tOf('verdict', verdict)}
        </button>
      ))}
    </Menu>
  );
}
