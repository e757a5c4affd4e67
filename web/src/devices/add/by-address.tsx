import type { TargetedEvent } from 'preact';
import { useState } from 'preact/hooks';
import { districtName, districts } from '../../alerts/choices.ts';
import { request, send } from '../../api.ts';
import { NameField } from '../../case/deeds/fields.tsx';
import { follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import { kinds } from '../../overview.ts';
import type { CheckReport } from '../../types.ts';
import { keepValues, NEW_DEVICE, type Values, valuesOf } from '../deeds/drafts.ts';
import { Confirm, Failed } from '../deeds/failed.tsx';
import { NumberField } from '../deeds/forms.tsx';
import { failed, type Outcome } from '../deeds/outcome.ts';
import { Secret } from '../deeds/secret.tsx';
import { CAMERA_STEPS, Steps } from '../deeds/steps.tsx';
import { t } from '../say.ts';
import { kindTitle } from '../words.ts';
import { loginDraft } from './login-draft.ts';
import { NO_LOGIN, newDeviceOf, reachedBy } from './new-device.ts';

const FORM = 'add';
/** A check takes 15 s at most. */
const CHECK_MS = 25_000;
/** Characters of an address of a camera. */
const URL_MAX = 512;

interface Registered {
  id: string;
  secret?: string;
  secretWithheld?: boolean;
}

/** One device that somebody knows where to find. A camera can be checked before it is registered. */
export function ByAddress() {
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const [made, setMade] = useState<Registered | null>(null);
  const values = valuesOf(NEW_DEVICE, FORM);
  const kind = values.kind ?? [...kinds.value.keys()][0] ?? '';
  const isCamera = kinds.value.get(kind)?.stream === true;
  const set = (name: string, value: string) =>
    keepValues(NEW_DEVICE, FORM, { ...valuesOf(NEW_DEVICE, FORM), kind, [name]: value });
  const empty = () => {
    keepValues(NEW_DEVICE, FORM, {});
    loginDraft.value = NO_LOGIN;
  };
  const submit = async (event: TargetedEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    setOutcome(null);
    setMade(null);
    try {
      const device = newDeviceOf({ ...valuesOf(NEW_DEVICE, FORM), kind }, loginDraft.value, isCamera);
      setMade(await send<Registered>('POST', '/devices', device));
      empty();
    } catch (error) {
      setOutcome(failed(error));
    }
    setBusy(false);
  };
  return (
    <form class="panel device-form" aria-label={t('add.by.address')} onSubmit={(event) => void submit(event)}>
      {made && <Made made={made} />}
      <KindAndPlace values={values} kind={kind} set={set} />
      {isCamera && <Reached values={values} set={set} />}
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
      {outcome?.is === 'failed' && outcome.unsure && <Confirm values={values} set={set} />}
      <div class="bar">
        <button type="submit" class="primary" disabled={busy}>
          {t(busy ? 'do.busy' : 'add.register')}
        </button>
        <button type="button" class="quiet" onClick={empty}>
          {t('add.empty')}
        </button>
      </div>
    </form>
  );
}

function Made({ made: { id, secret, secretWithheld } }: { made: Registered }) {
  return (
    <div class="made" role="status">
      <p>
        {t('add.made')}{' '}
        <a class="as-button" href={deviceAddress(id)} onClick={follows}>
          <bdi>{id}</bdi>
        </a>
      </p>
      {(secret !== undefined || secretWithheld) && <Secret secret={secret} />}
    </div>
  );
}

interface FieldsProps {
  values: Values;
  set(name: string, value: string): void;
}

function KindAndPlace({ kind, ...props }: FieldsProps & { kind: string }) {
  const { values, set } = props;
  return (
    <>
      <label>
        {t('devices.kind')}
        <select value={kind} onChange={(event) => set('kind', event.currentTarget.value)}>
          {[...kinds.value.keys()].map((one) => (
            <option key={one} value={one}>
              {kindTitle(one)}
            </option>
          ))}
        </select>
      </label>
      <NameField {...props} name="name" label={t('edit.name')} needed />
      <NameField {...props} name="id" label={t('add.id')} needed={false} />
      <label>
        {t('devices.district')}
        <select value={values.jurisdiction ?? ''} onChange={(event) => set('jurisdiction', event.currentTarget.value)}>
          <option value="">{t('add.byPlace')}</option>
          {districts.value.map(({ code }) => (
            <option key={code} value={code}>
              {districtName(code)}
            </option>
          ))}
        </select>
      </label>
      <div class="pair-of-fields">
        <NumberField {...props} name="lat" label={t('edit.lat')} max={90} />
        <NumberField {...props} name="lon" label={t('edit.lon')} max={180} />
      </div>
      <label>
        {t('add.datum')}
        <select value={values.datum ?? 'wgs84'} onChange={(event) => set('datum', event.currentTarget.value)}>
          <option value="wgs84">WGS-84</option>
          <option value="gcj02">GCJ-02</option>
        </select>
      </label>
      <NameField {...props} name="address" label={t('edit.address')} needed={false} />
      <NameField {...props} name="purpose" label={t('edit.purpose')} needed={false} />
    </>
  );
}

/** Where a camera is reached, and a check of it before it is registered. */
function Reached(props: FieldsProps) {
  const [report, setReport] = useState<CheckReport | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [busy, setBusy] = useState(false);
  const login = loginDraft.value;
  const target = reachedBy(props.values, login);
  const check = async () => {
    setBusy(true);
    setReport(null);
    setOutcome(null);
    const came = await checked(target);
    if ('is' in came) setOutcome(came);
    else setReport(came);
    setBusy(false);
  };
  return (
    <>
      <NameField {...props} name="xaddr" label={t('add.xaddr')} needed={false} max={URL_MAX} />
      <NameField
        values={{ url: login.url }}
        set={(_name, url) => {
          loginDraft.value = { ...loginDraft.value, url };
        }}
        name="url"
        label={t('add.stream')}
        needed={false}
        max={URL_MAX}
      />
      <CameraLogin />
      <p class="hint">{t('add.login')}</p>
      <button type="button" disabled={busy || target === null} onClick={() => void check()}>
        {t(busy ? 'check.running' : 'add.check')}
      </button>
      {report && (
        <div class="check" role="status">
          <p class="check-says">{t(`check.${report.grade}`)}</p>
          <Steps steps={report.steps} expected={CAMERA_STEPS} running={false} />
        </div>
      )}
      {outcome?.is === 'failed' && <Failed outcome={outcome} />}
    </>
  );
}

function CameraLogin() {
  const login = loginDraft.value;
  return (
    <div class="pair-of-fields">
      <label>
        {t('login.user')}
        <input
          name="camera-user"
          autocomplete="off"
          value={login.username}
          onInput={({ currentTarget }) => {
            loginDraft.value = { ...loginDraft.value, username: currentTarget.value };
          }}
        />
      </label>
      <label>
        {t('login.password')}
        <input
          type="password"
          name="camera-password"
          autocomplete="new-password"
          value={login.password}
          onInput={({ currentTarget }) => {
            loginDraft.value = { ...loginDraft.value, password: currentTarget.value };
          }}
        />
      </label>
    </div>
  );
}

async function checked(target: Record<string, unknown> | null): Promise<CheckReport | Outcome> {
  try {
    const answer = await request('/devices/check', {
      method: 'POST',
      headers: { 'x-citywatch': 'console', 'content-type': 'application/json' },
      body: JSON.stringify(target ?? {}),
      signal: AbortSignal.timeout(CHECK_MS),
    });
    return (await answer.json()) as CheckReport;
  } catch (error) {
    return failed(error);
  }
}
