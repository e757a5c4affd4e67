import { send } from '../../api.ts';
import { usePolled } from '../../devices/page/polled.ts';
import { Deed, Unfold } from '../common/deed.tsx';
import { List, Row } from '../common/list.tsx';
import { t, tOf } from '../say.ts';
import type { CheckedRegister, Verification } from '../types.ts';
import { countText, timeText } from '../words.ts';

const PATH = '/audit/verification';
const LOOK_EVERY_MS = 1_000;
const REST_MS = 30_000;

/** How somebody finds out that the registers were not tampered with, and by which keys. */
export function Proof() {
  return (
    <section class="panel" aria-labelledby="proof-title">
      <h3 id="proof-title">{t('proof.title')}</h3>
      <p>{t('proof.hint')}</p>
      <Check />
      <p class="hint">{t('proof.elsewhere')}</p>
      <code class="secret-text">npx citywatch audit verify</code>
      <Unfold label={t('proof.keys')}>
        {() => (
          <List<{ id: string; pem: string }>
            path="/audit/keys"
            everyMs={null}
            none={t('proof.none')}
            keyOf={({ id }) => id}
            row={({ id, pem }) => (
              <Row title={id} facts={[]}>
                <pre class="code">{pem}</pre>
              </Row>
            )}
          />
        )}
      </Unfold>
    </section>
  );
}

function Check() {
  const pace = (one: Verification | null) => (one?.state === 'running' ? LOOK_EVERY_MS : REST_MS);
  const { answer, again } = usePolled<Verification>(PATH, pace);
  return (
    <>
      {answer?.state !== 'running' && (
        <Deed label={t('proof.check')} run={() => send('POST', PATH, {})} onDone={again} />
      )}
      {answer && <Found found={answer} />}
    </>
  );
}

function Found({ found }: { found: Verification }) {
  const { state, begunAt, checked, total, holds, registers, checkpoints, reason } = found;
  if (state === 'running') {
    return <p role="status">{t('proof.running', { checked: countText(checked), total: countText(total) })}</p>;
  }
  const time = timeText(begunAt);
  if (state === 'failed') {
    return (
      <div class="trouble" role="alert">
        <p>{t('proof.failed', { time })}</p>
        <p lang="en">
          <bdi>{reason}</bdi>
        </p>
      </div>
    );
  }
  return (
    <div class="made" role="status">
      <p class={holds ? undefined : 'trouble'}>{t(holds ? 'proof.holds' : 'proof.broken', { time })}</p>
      <ul class="admin-rows">
        {registers.map((one) => (
          <li key={one.register}>
            <Register one={one} />
          </li>
        ))}
      </ul>
      <p class="hint">{t('proof.checkpoints', { n: countText(checkpoints.read) })}</p>
      <Sentences texts={checkpoints.faults} />
    </div>
  );
}

function Register({ one }: { one: CheckedRegister }) {
  const { register, rows, prunedTo, unsealed, head, vouched, holds, faults } = one;
  return (
    <Row
      title={t(register === 'audit' ? 'piece.audit' : 'piece.register')}
      mark={t(holds ? 'proof.mark.holds' : 'proof.mark.broken')}
      bad={!holds}
      facts={[
        t('proof.rows', { n: countText(rows) }),
        prunedTo !== null && t('proof.pruned', { row: countText(prunedTo) }),
        unsealed > 0 && t('proof.unsealed', { n: countText(unsealed) }),
        vouched && t('proof.vouched', { n: countText(vouched.rows), time: timeText(vouched.at) }),
        t('proof.head', { hash: head }),
      ]}
    >
      {faults.map(({ code, row, text }) => (
        <div key={`${code} ${row}`} class="trouble">
          <p>{t('proof.fault', { row: countText(row), what: tOf('fault', code) })}</p>
          {text !== null && <Sentences texts={[text]} />}
        </div>
      ))}
    </Row>
  );
}

/** In the words of the gateway. */
function Sentences({ texts }: { texts: readonly string[] }) {
  return texts.map((text) => (
    <p key={text} class="trouble" lang="en">
      <bdi>{text}</bdi>
    </p>
  ));
}
