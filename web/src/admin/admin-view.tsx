import type { ComponentType } from 'preact';
import { lazily } from '../ground/lazy.tsx';
import { follows } from '../ground/router.ts';
import { VIEWS } from '../ground/views.ts';
import { may } from '../session.ts';
import { isOpen, PIECE_NAMES, type PieceName, pieceAddress } from './pieces.ts';
import { t } from './say.ts';
import '../devices/devices.css';
import './admin.css';

const SHOWN: Record<PieceName, ComponentType> = {
  people: lazily(async () => (await import('./people/people.tsx')).People),
  tokens: lazily(async () => (await import('./people/tokens.tsx')).Tokens),
  screens: lazily(async () => (await import('./people/screens.tsx')).Screens),
  subscriptions: lazily(async () => (await import('./alerts/subscriptions.tsx')).Subscriptions),
  sources: lazily(async () => (await import('./alerts/sources.tsx')).Sources),
  rules: lazily(async () => (await import('./rules/rules.tsx')).Rules),
  silences: lazily(async () => (await import('./alerts/silences.tsx')).Silences),
  rosters: lazily(async () => (await import('./alerts/rosters.tsx')).Rosters),
  'dead-letters': lazily(async () => (await import('./records/dead-letters.tsx')).DeadLetters),
  ledger: lazily(async () => (await import('./records/ledger.tsx')).Ledger),
  audit: lazily(async () => (await import('./records/registers.tsx')).AuditTrail),
  register: lazily(async () => (await import('./records/registers.tsx')).LookRegister),
  recordings: lazily(async () => (await import('./machine/recording-days.tsx')).RecordingDays),
  disks: lazily(async () => (await import('./machine/disks.tsx')).Disks),
  health: lazily(async () => (await import('./machine/health.tsx')).Health),
  kinds: lazily(async () => (await import('./machine/kinds.tsx')).Kinds),
  notes: lazily(async () => (await import('./machine/notes.tsx')).Notes),
};

/** The administration: what there is of it for this person, and one view of it. `piece` is null where none is named. */
export function AdminView({ piece }: { piece: PieceName | null }) {
  const open = PIECE_NAMES.filter((name) => isOpen(name, may));
  const Shown = piece !== null && open.includes(piece) ? SHOWN[piece] : null;
  return (
    <div class={piece === null ? 'admin admin-start' : 'admin'}>
      <nav class="admin-nav" aria-label={t('admin.views')}>
        <ul>
          {open.map((name) => (
            <li key={name}>
              <a href={pieceAddress(name)} onClick={follows} aria-current={name === piece ? 'page' : undefined}>
                {t(`piece.${name}`)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="admin-shown">
        {piece !== null && (
          <a class="case-back" href={VIEWS.admin.path} onClick={follows}>
            ← {t('admin.back')}
          </a>
        )}
        <h2>{t(piece === null ? 'view.admin' : `piece.${piece}`)}</h2>
        {Shown ? <Shown key={piece} /> : piece !== null && <p class="hint">{t('admin.refused')}</p>}
        {piece === null && open.length > 0 && <p class="hint">{t('admin.choose')}</p>}
        {open.length === 0 && <p class="hint">{t('admin.none')}</p>}
      </div>
    </div>
  );
}
