import type { ComponentChildren } from 'preact';
import { listAddress } from '../alerts/asked.ts';
import { Header } from '../header.tsx';
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
    </>
  );
}

/** A rail at the left on a desk, a bar at the bottom on a phone. */
function Navigation() {
  const here = viewAt(place.value.path);
  return (
    <nav class="rail" aria-label={t('nav.title')}>
      <ul>
        {NAVIGATION.map((name) => (
          <li key={name}>
            <a
              href={name === 'duty' ? listAddress.value : VIEWS[name].path}
              onClick={follows}
              aria-current={name === here ? 'page' : name === 'duty' && here === 'case' ? 'true' : undefined}
            >
              <Icon name={name} />
              <span>{t(VIEWS[name].title)}</span>
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

const ICONS: Record<(typeof NAVIGATION)[number], string> = {
  duty: 'M12 3a6 6 0 0 0-6 6v5l-2 3h16l-2-3V9a6 6 0 0 0-6-6zM10 20h4',
  video: 'M3 6h12v12H3zM15 10l6-3v10l-6-3',
  settings: 'M4 7h10M18 7h2M4 17h2M10 17h10M16 4v6M8 14v6',
};

function Icon({ name }: { name: (typeof NAVIGATION)[number] }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d={ICONS[name]} fill="none" stroke="currentColor" stroke-width="1.8" stroke-linejoin="round" />
    </svg>
  );
}
