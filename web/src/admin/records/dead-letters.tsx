import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { kindTitle } from '../../devices/words.ts';
import { follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { may } from '../../session.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { List, Row } from '../common/list.tsx';
import { t } from '../say.ts';
import type { Letter, LetterGroup, Replayed } from '../types.ts';
import { countText, timeText } from '../words.ts';
import { KindTrialForm } from './kind-trial.tsx';
import { Stories } from './stories.tsx';

/** A call judges so many of a group; the next one goes on. */
const AT_ONCE = 100;

/** What could not be used: by cause, one by one, and judged again when its cause is mended. */
export function DeadLetters() {
  const [changes, setChanges] = useState(0);
  return (
    <>
      <section class="panel" aria-label={t('piece.dead-letters')}>
        <p class="hint">{t('letters.hint')}</p>
        <List<LetterGroup>
          path="/dead-letters/groups"
          after={changes}
          none={t('letters.none')}
          keyOf={keyOf}
          row={(group, again) => <Group group={group} again={again} />}
        />
      </section>
      {may('kinds.try') && <KindTrialForm onTried={() => setChanges(changes + 1)} />}
    </>
  );
}

function keyOf({ reason, kind, firmware }: Pick<LetterGroup, 'reason' | 'kind' | 'firmware'>): string {
  return `${reason} ${kind} ${firmware}`;
}

function Group({ group, again }: { group: LetterGroup; again: () => void }) {
  const { reason, kind, firmware, count, devices, firstAt, lastAt, example } = group;
  const [replayed, setReplayed] = useState<Counted | null>(null);
  const query = new URLSearchParams({ reason, kind, firmware: firmware ?? '', replayed: 'false', limit: '20' });
  return (
    <Row
      title={reason}
      mark={t('letters.count', { n: countText(count), devices: countText(devices) })}
      bad
      facts={[
        kindTitle(kind),
        firmware === null ? t('letters.firmware.none') : t('letters.firmware', { version: firmware }),
        t('letters.between', { from: timeText(firstAt), to: timeText(lastAt) }),
        example && `${t('letters.example')}: ${example.path} ${example.value}`,
      ]}
      deeds={
        may('explain.replay') && (
          <Deed
            label={t('letters.replay')}
            ask={t('letters.replay.ask', { n: countText(count) })}
            run={() => replayGroup({ reason, kind, firmware }, setReplayed)}
            onDone={again}
          />
        )
      }
    >
      {replayed && (
        <p role="status">
          {replayed.isOver
            ? t('letters.replayed', { n: countText(replayed.done), skipped: countText(replayed.skipped) })
            : t('letters.going', { n: countText(replayed.done) })}
        </p>
      )}
      <Unfold label={t('letters.look')}>
        {() => (
          <List<Letter>
            path={`/dead-letters?${query}`}
            none={t('letters.none')}
            keyOf={({ id }) => id}
            row={(letter, read) => (
              <OneLetter
                letter={letter}
                again={() => {
                  read();
                  again();
                }}
              />
            )}
          />
        )}
      </Unfold>
    </Row>
  );
}

interface Counted {
  done: number;
  skipped: number;
  isOver: boolean;
}

/** Piece by piece, so that each call is short; says how far it is. */
async function replayGroup(
  group: Pick<LetterGroup, 'reason' | 'kind' | 'firmware'>,
  tell: (counted: Counted) => void,
): Promise<void> {
  let cursor: string | undefined;
  const counted = { done: 0, skipped: 0 };
  do {
    const body = { group, limit: AT_ONCE, ...(cursor !== undefined && { cursor }) };
    const answer: Replayed | null = await send('POST', '/dead-letters/replay', body);
    counted.done += answer?.replayed.length ?? 0;
    counted.skipped += answer?.skipped.length ?? 0;
    cursor = answer?.next;
    tell({ ...counted, isOver: cursor === undefined });
  } while (cursor !== undefined);
}

function OneLetter({ letter, again }: { letter: Letter; again: () => void }) {
  const { id, receipt, device, receivedAt, path, value, replayedAt } = letter;
  return (
    <Row
      title={
        <a class="admin-link" href={deviceAddress(device)} onClick={follows}>
          {device}
        </a>
      }
      facts={[
        timeText(receivedAt),
        `${path} ${value}`,
        replayedAt !== null && t('letters.wasReplayed', { time: timeText(replayedAt) }),
      ]}
      deeds={
        <>
          {may('explain.replay') && (
            <Deed
              label={t('letters.replay.one')}
              run={() => send('POST', '/dead-letters/replay', { ids: [id] })}
              onDone={again}
            />
          )}
          <Unfold label={t('letters.story')}>
            {() => <Stories path={`/messages?id=${encodeURIComponent(receipt)}`} />}
          </Unfold>
        </>
      }
    />
  );
}
