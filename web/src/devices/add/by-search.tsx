import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { send } from '../../api.ts';
import { lineOf } from '../../case/deeds/form-draft.ts';
import { adjust, follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { kinds } from '../../overview.ts';
import type { Discovery, Found, Page } from '../../types.ts';
import { keepValues, NEW_DEVICE, valuesOf } from '../deeds/drafts.ts';
import { Failed } from '../deeds/failed.tsx';
import { failed, type Outcome } from '../deeds/outcome.ts';
import { usePolled } from '../page/polled.ts';
import { t } from '../say.ts';

const LOOK_EVERY_MS = 2_000;
/** After it is over: what was found is registered meanwhile. */
const LOOK_AFTERWARDS_MS = 10_000;
const FOUND_MAX = 200;
const FORM = 'search';

/** Looks for cameras on the network. What is found is registered one by one, each checked before. */
export function BySearch() {
  const [begun, setBegun] = useState<Discovery | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const { cidr = '' } = valuesOf(NEW_DEVICE, FORM);
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    setOutcome(null);
    const range = lineOf(cidr);
    try {
      const asked = { multicast: true, ...(range !== '' && { sweep: { cidr: range } }) };
      setBegun(await send<Discovery>('POST', '/discoveries', asked));
    } catch (error) {
      setOutcome(failed(error));
    }
  };
  return (
    <>
      <form class="panel device-form" aria-label={t('add.by.search')} onSubmit={(event) => void submit(event)}>
        <p class="hint">{t('search.hint')}</p>
        <label>
          {t('search.range')}
          <input
            name="cidr"
            placeholder="10.20.0.0/24"
            maxLength={18}
            autocomplete="off"
            value={cidr}
            onInput={({ currentTarget }) => keepValues(NEW_DEVICE, FORM, { cidr: currentTarget.value })}
          />
        </label>
        {outcome?.is === 'failed' && <Failed outcome={outcome} />}
        <button type="submit" class="primary">
          {t('search.begin')}
        </button>
      </form>
      {begun && <Progress key={begun.id} begun={begun} />}
    </>
  );
}

function Progress({ begun }: { begun: Discovery }) {
  const path = `/discoveries/${encodeURIComponent(begun.id)}`;
  const { answer } = usePolled<Discovery>(path, (one) => (isEnded(one ?? begun) ? null : LOOK_EVERY_MS));
  const now = answer ?? begun;
  const isOver = isEnded(now);
  // Another question once it is over, so that the last of what was found is there at once.
  const list = `${path}/found?limit=${FOUND_MAX}${isOver ? '#over' : ''}`;
  const { answer: found } = usePolled<Page<Found>>(list, isOver ? LOOK_AFTERWARDS_MS : LOOK_EVERY_MS);
  return (
    <section class="panel" aria-labelledby="found-title">
      <h3 id="found-title">{t('search.found', { n: now.found })}</h3>
      <p role="status">
        {isOver ? t('search.over') : t('search.running')}
        {now.addresses > 0 && ` · ${t('search.asked', { n: now.asked, of: now.addresses })}`}
      </p>
      <ul class="found">
        {found?.items.map((one) => (
          <FoundRow key={one.door} found={one} />
        ))}
      </ul>
    </section>
  );
}

function isEnded({ state }: Discovery): boolean {
  return state === 'done' || state === 'cancelled';
}

function FoundRow({ found }: { found: Found }) {
  const { door, maker, model, name, serial, answer, registered, devices } = found;
  const said = [maker, model, name, serial].filter(Boolean).join(' ');
  return (
    <li>
      <span>
        <bdi>{door}</bdi>
        <span class="device-facts">
          <bdi>{said || t(`search.answer.${answer}`)}</bdi>
        </span>
      </span>
      {registered === 'no' ? (
        <button type="button" onClick={() => take(found)}>
          {t('search.take')}
        </button>
      ) : (
        <span class="device-facts">
          {t('search.known')}{' '}
          {devices.map((id) => (
            <a key={id} class="device-link" href={deviceAddress(id)} onClick={follows}>
              <bdi>{id}</bdi>
            </a>
          ))}
        </span>
      )}
    </li>
  );
}

/** Goes on with the form for one device, filled in with what is known. */
function take({ xaddr, name, model }: Found): void {
  const camera = kinds.value.has('camera') ? 'camera' : [...kinds.value.values()].find(({ stream }) => stream)?.kind;
  const before = valuesOf(NEW_DEVICE, 'add');
  keepValues(NEW_DEVICE, 'add', { ...before, kind: camera ?? '', xaddr, name: name ?? model ?? '' });
  adjust(new URLSearchParams({ by: 'address' }));
}
