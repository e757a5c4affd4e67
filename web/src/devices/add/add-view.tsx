import { adjust, follows, place } from '../../ground/router.ts';
import { VIEWS } from '../../ground/views.ts';
import { may } from '../../session.ts';
import { t } from '../say.ts';
import { ByAddress } from './by-address.tsx';
import { ByFile } from './by-file.tsx';
import { BySearch } from './by-search.tsx';
import '../devices.css';

/** Ways in which devices are registered; each stands in the address. */
const WAYS = ['address', 'search', 'file'] as const;
type Way = (typeof WAYS)[number];

/** Registers devices: one that is known, what a search of the network found, or many from a file. */
export function AddView() {
  const way = WAYS.find((one) => one === place.value.query.get('by')) ?? 'address';
  return (
    <div class="add-devices">
      <a class="case-back" href={VIEWS.devices.path} onClick={follows}>
        ← {t('device.back')}
      </a>
      <h2>{t('view.addDevice')}</h2>
      {may('registry.edit') ? <Ways way={way} /> : <p class="hint">{t('error.forbidden')}</p>}
    </div>
  );
}

function Ways({ way }: { way: Way }) {
  return (
    <>
      <fieldset class="choice">
        <legend class="unseen">{t('add.way')}</legend>
        {WAYS.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="way"
              checked={one === way}
              onChange={() => adjust(new URLSearchParams({ by: one }))}
            />
            <span>{t(`add.by.${one}`)}</span>
          </label>
        ))}
      </fieldset>
      {way === 'address' && <ByAddress />}
      {way === 'search' && <BySearch />}
      {way === 'file' && <ByFile />}
    </>
  );
}
