import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { isBegun } from '../common/drafts.ts';
import type { FieldSpec } from '../common/field.tsx';
import { ApiForm } from '../common/form.tsx';
import { List, Row } from '../common/list.tsx';
import { t } from '../say.ts';
import type { Disk, DiskCheck } from '../types.ts';
import { bytesText, countText } from '../words.ts';

const FIELDS: readonly FieldSpec[] = [
  { name: 'name', label: 'disks.name' },
  { name: 'directory', label: 'disks.directory' },
];

/** The disks that recordings lie on. */
export function Disks() {
  const [changes, setChanges] = useState(0);
  return (
    <section class="panel" aria-label={t('piece.disks')}>
      <Unfold label={t('disks.new')} primary open={isBegun('disks.new')}>
        {(leave) => (
          <ApiForm
            operation="POST /recordings/disks"
            name="disks.new"
            title={t('disks.new')}
            fields={FIELDS}
            submit={t('disks.new')}
            send={(body) => send('POST', '/recordings/disks', body)}
            onDone={() => {
              setChanges(changes + 1);
              leave();
            }}
            onLeave={leave}
          />
        )}
      </Unfold>
      <List<Disk>
        path="/recordings/disks"
        after={changes}
        none={t('disks.none')}
        keyOf={({ name }) => name}
        row={(disk, again) => <One disk={disk} again={again} />}
      />
    </section>
  );
}

function One({ disk, again }: { disk: Disk; again: () => void }) {
  const { name, directory, use, problem, freeBytes, queueBytes, files } = disk;
  const [checked, setChecked] = useState<Counts | null>(null);
  const path = `/recordings/disks/${encodeURIComponent(name)}`;
  const setUse = (to: Disk['use']) => send('POST', path, { use: to });
  return (
    <Row
      title={name}
      mark={t(`disk.${use}`)}
      bad={problem !== null}
      facts={[
        directory,
        freeBytes === null ? t('disks.free.unknown') : t('disks.free', { size: bytesText(freeBytes) }),
        queueBytes > 0 && t('disks.queue', { size: bytesText(queueBytes) }),
        t('disks.files', { n: countText(files) }),
        problem,
      ]}
      deeds={
        <>
          {use === 'active' ? (
            <Deed label={t('disks.drain')} ask={t('disks.drain.ask')} run={() => setUse('draining')} onDone={again} />
          ) : (
            <Deed label={t('disks.use')} run={() => setUse('active')} onDone={again} />
          )}
          <Deed label={t('disks.check')} run={() => check(path, setChecked)} onDone={again} />
          {use === 'draining' && (
            <Deed
              label={t('disks.retire')}
              ask={t('disks.retire.ask')}
              run={() => send('POST', `${path}/retire`, {})}
              onDone={again}
            />
          )}
        </>
      }
    >
      {checked && (
        <p role="status">
          {t('disks.checked', Object.fromEntries(Object.entries(checked).map(([what, n]) => [what, countText(n)])))}
        </p>
      )}
    </Row>
  );
}

type Counts = Omit<DiskCheck, 'next'>;

/** A call looks for some seconds; the next one goes on from there. */
async function check(path: string, tell: (counts: Counts) => void): Promise<void> {
  const counts: Counts = { files: 0, adopted: 0, missing: 0, back: 0, strangers: 0 };
  let from: string | null = null;
  do {
    const answer: DiskCheck | null = await send('POST', `${path}/check`, { from });
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += answer?.[name] ?? 0;
    tell({ ...counts });
    from = answer?.next ?? null;
  } while (from !== null);
}
