import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { hasAdministration } from '../admin/pieces.ts';
import { listAddress } from '../alerts/asked.ts';
import { Header } from '../header.tsx';
import { may } from '../session.ts';
import { LeaveQuestion } from '../settings/leave.tsx';
import { t } from '../texts.ts';
import { follows, place } from './router.ts';
import { NAVIGATION, VIEWS, type ViewName, viewAt } from './views.ts';

/** What stands around every view: the head, the way to the other views, and where the view itself is. */
export function Shell({ view, children }: { view: ViewName | null; children: ComponentChildren }) {
  return (
    <>
      <a class="skip" href="#main">
        {t('skip.main')}
      </a>
      <Header />
      <div class="frame">
        <Navigation />
        <main id="main" class={`screen screen-${view ?? 'none'}`} tabIndex={-1}>
          {children}
        </main>
      </div>
      <LeaveQuestion />
    </>
  );
}

/** Views that are reached through another one. */
const PARTS: Partial<Record<ViewName, (ViewName | null)[]>> = {
  duty: ['case'],
  devices: ['device', 'addDevice'],
  orders: ['order'],
  watchlists: ['watchlist'],
  admin: ['adminPiece'],
};

/** So many stand in the bar of a phone, if there are more than one beside them. */
const ON_A_PHONE = 5;

/** A rail at the left on a desk, a bar at the bottom on a phone, which unfolds where it has not room for all. */
function Navigation() {
  const here = viewAt(place.value.path);
  // Wherever one goes it is folded again.
  const [unfoldedAt, setUnfoldedAt] = useState<string | null>(null);
  // A map that comes to rest changes what stands behind the path.
  const unfolded = unfoldedAt === place.value.path;
  const names = NAVIGATION.filter(isTheirs);
  const isMany = names.length > ON_A_PHONE + 1;
  const isHere = (name: (typeof NAVIGATION)[number]) => name === here || (PARTS[name]?.includes(here) ?? false);
  return (
    <nav class={`rail${unfolded ? ' rail-unfolded' : ''}`} aria-label={t('nav.title')}>
      <ul>
        {names.map((name, at) => (
          <li key={name} class={isMany && at >= ON_A_PHONE ? 'rail-later' : undefined}>
            <a
              href={name === 'duty' ? listAddress.value : VIEWS[name].path}
              onClick={follows}
              aria-current={name === here ? 'page' : PARTS[name]?.includes(here) ? 'true' : undefined}
            >
              <Icon name={name} />
              <span>{t(VIEWS[name].title)}</span>
            </a>
          </li>
        ))}
        {isMany && (
          <li class="rail-more">
            <button
              type="button"
              class={names.slice(ON_A_PHONE).some(isHere) ? 'rail-here' : undefined}
              aria-expanded={unfolded}
              onClick={() => setUnfoldedAt(unfolded ? null : place.value.path)}
            >
              <Icon name="more" />
              <span>{t(unfolded ? 'nav.less' : 'nav.more')}</span>
            </button>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** What opens a view; one that is not here is open to all. */
const RIGHTS: Partial<Record<(typeof NAVIGATION)[number], readonly string[]>> = {
  video: ['video.look'],
  orders: ['orders.work'],
  passages: ['plates.search'],
  watchlists: ['watchlists.keep', 'watchlists.approve'],
  shift: ['alerts.read'],
  figures: ['alerts.read', 'faults.read'],
};

/** Who looks at no video, say, is led to none. */
function isTheirs(name: (typeof NAVIGATION)[number]): boolean {
  if (name === 'admin') return hasAdministration(may);
  return RIGHTS[name]?.some(may) ?? true;
}

const ICONS: Record<(typeof NAVIGATION)[number] | 'more', string> = {
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  shift: 'M4 12h12M12 8l4 4-4 4M20 5v14',
  figures: 'M4 20h16M7 20v-6M12 20V6M17 20v-9',
  watchlists: 'M5 4h14v16H5zM9 9h6M9 13h6M9 17h3',
  passages: 'M4 15l2-6h9l3 6M3 15h18v4H3zM7 19v2M17 19v2M6 5h4M14 5h4',
  duty: 'M12 3a6 6 0 0 0-6 6v5l-2 3h16l-2-3V9a6 6 0 0 0-6-6zM10 20h4',
  map: 'M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14',
  video: 'M3 6h12v12H3zM15 10l6-3v10l-6-3',
  devices: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  orders: 'M6 4h12v17H6zM9 2.5h6v3H9zM9 10h6M9 14h6',
  admin: 'M5 21v-3a5 5 0 0 1 5-5h4a5 5 0 0 1 5 5v3M12 10a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4v6M8 14v6',
};

function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path
        d={ICONS[name]}
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
