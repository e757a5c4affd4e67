import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { troubles } from '../alerts/actions.ts';
import { cameFrom, listAddress } from '../alerts/asked.ts';
import { UndoBar } from '../alerts/deeds/undo-bar.tsx';
import { CommentForm } from '../alerts/details.tsx';
import { SeverityBadge } from '../alerts/severity.tsx';
import { titleOf } from '../alerts/titles.ts';
import { lazily } from '../ground/lazy.tsx';
import { follows } from '../ground/router.ts';
import { caseAddress, deviceAddress } from '../ground/views.ts';
import { nameOf, usernamesOf } from '../people.ts';
import { handles, may } from '../session.ts';
import { age, clockTime } from '../texts.ts';
import { nowMs } from '../ticker.ts';
import type { CaseAlert, Device, RuleOfAlert } from '../types.ts';
import { DeedBar } from './deeds/deed-bar.tsx';
import { OpenCase } from './open-case.ts';
import { Bundles } from './parts/bundles.tsx';
import { Curves } from './parts/curves.tsx';
import { Evidence } from './parts/evidence.tsx';
import { Fired } from './parts/fired.tsx';
import { Live } from './parts/live.tsx';
import { Neighbours } from './parts/neighbours.tsx';
import { Place } from './parts/place.tsx';
import { Procedure } from './parts/procedure.tsx';
import { Report } from './parts/report.tsx';
import { Timeline } from './parts/timeline.tsx';
import { Pictures } from './pictures.ts';
import { t, tOf } from './say.ts';
import { useAnswer } from './use-answer.ts';
import './case.css';

const GATEWAY = '_gateway';
const LazyHit = lazily(async () => (await import('../watchlists/hit-part.tsx')).HitPart);

/** One alert with all that stands around it. */
export function Case({ id }: { id: string }) {
  const stop = useMemo(() => new AbortController(), [id]);
  const open = useMemo(() => new OpenCase(id), [id]);
  const pictures = useMemo(() => new Pictures(stop.signal), [stop]);
  useEffect(() => {
    cameFrom.value = id;
    open.follow(stop.signal);
    return () => stop.abort();
  }, [open]);
  const alert = open.alert.value;
  return (
    <div class="case-box">
      <a class="case-back" href={listAddress.value} onClick={follows}>
        ← {t('case.back')}
      </a>
      {open.failed.value && !alert && <p class="hint">{t('case.failed')}</p>}
      {open.isGone.value && (
        <p class="trouble" role="alert">
          {t(alert ? 'case.left' : 'case.gone')}
        </p>
      )}
      {!alert && !open.failed.value && !open.isGone.value && <p class="hint">{t('case.loading')}</p>}
      {alert && <Known key={id} open={open} alert={alert} pictures={pictures} />}
      <UndoBar />
    </div>
  );
}

function Known({ open, alert, pictures }: { open: OpenCase; alert: CaseAlert; pictures: Pictures }) {
  const id = alert.device === GATEWAY ? null : alert.device;
  const device = useAnswer<Device>(id === null ? null : `/devices/${encodeURIComponent(id)}`).answer;
  const rule = useAnswer<RuleOfAlert>(`${open.path}/rule`).answer;
  const kind = device?.kind ?? null;
  return (
    <>
      <div class="case">
        <Head alert={alert} />
        <DeedBar open={open} alert={alert} />
        <div class="case-do">
          <Procedure rule={rule} />
          {'wanted_plate' in alert.data && may('alerts.read') && <LazyHit alert={alert} />}
        </div>
        <div class="case-main">
          <Fired alert={alert} rule={rule} kind={kind} />
          {may('alerts.look') && <Evidence alert={alert} pictures={pictures} />}
          <Live alert={alert} device={device} pictures={pictures} />
          {id !== null && may('telemetry.read') && <Curves alert={alert} device={id} kind={kind} rule={rule} />}
        </div>
        <div class="case-side">
          <Timeline lines={open.history.value} failed={open.historyFailed.value} />
          {handles(alert) && <Remark id={alert.id} />}
          <Place alert={alert} />
          <Neighbours alert={alert} />
          {may('recordings.export') && <Bundles alert={alert} />}
        </div>
      </div>
      <Report alert={alert} rule={rule} kind={kind} history={open.history.value ?? []} pictures={pictures} />
    </>
  );
}

function Remark({ id }: { id: string }) {
  const trouble = troubles.value.get(id);
  return (
    <div>
      <CommentForm id={id} />
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
    </div>
  );
}

function Head({ alert }: { alert: CaseAlert }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const now = nowMs.value;
  return (
    <header class={`case-head alert-${alert.severity}`}>
      <SeverityBadge severity={alert.severity} />
      <div class="case-title">
        <h2 ref={title} tabIndex={-1}>
          <bdi>{titleOf(alert)}</bdi>
        </h2>
        <p>
          <Subject alert={alert} />
        </p>
        <p class="facts">
          <time dateTime={alert.firstAt} title={clockTime(alert.firstAt, now)}>
            {t('alert.ago', { age: age(now - Date.parse(alert.firstAt)) })}
          </time>
          <span class={`condition condition-${alert.condition}`}>{tOf('condition', alert.condition)}</span>
          <span class={alert.handling === 'new' ? 'handling-new' : undefined}>
            <bdi
              title={usernamesOf([{ name: alert.ackedBy }, { username: alert.assignedTo }, { name: alert.closedBy }])}
            >
              {handlingText(alert)}
            </bdi>
          </span>
          {alert.visibility !== 'normal' && (
            <span>
              <bdi>{hiddenText(alert, now)}</bdi>
            </span>
          )}
        </p>
        <Links alert={alert} />
      </div>
      <Tools id={alert.id} />
    </header>
  );
}

/** What it is of; leads to the page of the device, for who may see that. */
function Subject({ alert: { device, subject } }: { alert: CaseAlert }) {
  const name = <bdi>{subject.name}</bdi>;
  if (device === null || device === GATEWAY || subject.id !== device || !may('registry.read')) return name;
  return (
    <a class="case-subject" href={deviceAddress(device)} onClick={follows}>
      {name}
    </a>
  );
}

function handlingText({ handling, verdict, ackedBy, assignedTo, unit, closedBy }: CaseAlert): string {
  const said = [
    tOf('handling', handling),
    verdict === null ? '' : tOf('verdict', verdict),
    closedBy ? t('alert.closedBy', { name: closedBy }) : '',
    !closedBy && ackedBy ? t('alert.ackedBy', { name: ackedBy }) : '',
    !closedBy && assignedTo ? t('alert.assignedTo', { name: nameOf(assignedTo) }) : '',
    !closedBy && unit && handling !== 'new' ? `${t('what.unit')} ${unit}` : '',
  ];
  return said.filter((text) => text !== '').join(' · ');
}

function hiddenText({ visibility, hidden }: CaseAlert, now: number): string {
  const fill = {
    by: hidden?.by ?? '',
    until: hidden?.until ? clockTime(hidden.until, now) : '',
    reason: hidden?.reason ?? '',
  };
  return visibility === 'normal' ? '' : t(`case.hidden.${visibility}`, fill);
}

/** To what stands for it, and to what it was before. */
function Links({ alert: { storm, previousId } }: { alert: CaseAlert }) {
  return (
    <>
      {storm !== null && (
        <p class="case-link">
          {t('case.part')}{' '}
          <a href={caseAddress(storm)} onClick={follows}>
            {t('case.head')}
          </a>
        </p>
      )}
      {previousId !== null && (
        <p class="case-link">
          {t('case.before')}{' '}
          <a href={caseAddress(previousId)} onClick={follows}>
            {t('case.beforeLink')}
          </a>
        </p>
      )}
    </>
  );
}

function Tools({ id }: { id: string }) {
  const [copied, setCopied] = useState(false);
  // Browsers give the clipboard to secure contexts alone; elsewhere the address bar has the same.
  const clipboard = navigator.clipboard as Clipboard | undefined;
  const copy = () =>
    clipboard?.writeText(location.origin + caseAddress(id)).then(
      () => setCopied(true),
      () => undefined,
    );
  return (
    <div class="case-tools">
      {clipboard && (
        <button type="button" class="quiet" onClick={() => void copy()}>
          {t(copied ? 'case.copied' : 'case.copy')}
        </button>
      )}
      <button type="button" onClick={() => print()}>
        {t('case.print')}
      </button>
    </div>
  );
}
