import changelog from '../../../../CHANGELOG.md?raw';
import { t } from '../say.ts';
import { type Note, notesOf } from './notes-text.ts';

/** What changed for users, of the version that this page came with; the notes are English. */
export function Notes() {
  return (
    <section class="panel" aria-label={t('piece.notes')}>
      <p class="hint">{t('notes.hint')}</p>
      <div lang="en">
        {notesOf(changelog).map(({ version, notes }) => (
          <section key={version} aria-label={version}>
            <h3>{version}</h3>
            <ul class="admin-rows">
              {notes.map((note) => (
                <li key={note.map(({ text }) => text).join('')}>
                  <p>
                    <Text note={note} />
                  </p>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </section>
  );
}

function Text({ note }: { note: Note }) {
  return note.map(({ is, text }) => {
    if (is === 'strong') return <b key={text}>{text}</b>;
    return is === 'code' ? <code key={text}>{text}</code> : text;
  });
}
