import { useEffect, useMemo } from 'preact/hooks';
import { follows } from '../../ground/router.ts';
import { VIEWS } from '../../ground/views.ts';
import { kinds } from '../../overview.ts';
import { may } from '../../session.ts';
import type { LatestValues, WholeDevice } from '../../types.ts';
import { DeedBar } from '../deeds/deed-bar.tsx';
import { t } from '../say.ts';
import { About } from './about.tsx';
import { Band } from './band.tsx';
import { Completeness } from './completeness.tsx';
import { Curves } from './curves.tsx';
import { Head } from './head.tsx';
import { Alerts, Audit, Commands, DeadLetters, Events, Maintenances, Orders, Units } from './lists.tsx';
import { Logins } from './logins.tsx';
import { OpenDevice } from './open-device.ts';
import { LastPicture } from './picture.tsx';
import { usePolled } from './polled.ts';
import { Values } from './values.tsx';
import '../devices.css';

const AGAIN_MS = 10_000;

/** One device with all that the reader may know of it, and may do with it. */
export function DeviceView({ id }: { id: string }) {
  const open = useMemo(() => new OpenDevice(id), [id]);
  useEffect(() => {
    const stop = new AbortController();
    void open.follow(stop.signal);
    return () => stop.abort();
  }, [open]);
  const device = open.device.value;
  return (
    <div class="device-box-page">
      <a class="case-back" href={VIEWS.devices.path} onClick={follows}>
        ← {t('device.back')}
      </a>
      {open.failed.value && <p class="hint">{t('device.failed')}</p>}
      {open.isGone.value && (
        <p class="trouble" role="alert">
          {t(device ? 'device.left' : 'device.gone')}
        </p>
      )}
      {!device && !open.failed.value && !open.isGone.value && <p class="hint">{t('device.loading')}</p>}
      {device && <Known open={open} device={device} />}
    </div>
  );
}

function Known({ open, device }: { open: OpenDevice; device: WholeDevice }) {
  const { path, id } = open;
  const deeds = open.deeds.value;
  return (
    <div class="device-page">
      <Head device={device} />
      <DeedBar open={open} device={device} />
      <div class="device-main">
        <Band path={path} device={device} />
        {kinds.value.get(device.kind)?.stream === true && may('video.look') && (
          <LastPicture id={id} name={device.name} />
        )}
        {may('telemetry.read') && <Readings path={path} kind={device.kind} />}
        {may('telemetry.read') && <Events path={path} kind={device.kind} />}
        {may('completeness.read') && <Completeness path={path} />}
      </div>
      <div class="device-side">
        {(may('alerts.read') || may('faults.read')) && <Alerts id={id} />}
        {may('orders.read') && <Orders key={`orders ${deeds}`} id={id} />}
        <About device={device} />
        {may('credentials.use') && <Logins key={`logins ${deeds}`} path={path} />}
        {may('commands.read') && <Commands path={path} />}
        <Units key={`units ${deeds}`} path={path} />
        <Maintenances key={`upkeep ${deeds}`} path={path} />
        {may('explain.read') && <DeadLetters id={id} />}
        {may('audit.read') && <Audit id={id} />}
      </div>
    </div>
  );
}

/** The last values, and how those that are numbers went. */
function Readings({ path, kind }: { path: string; kind: string }) {
  const { answer } = usePolled<LatestValues>(`${path}/latest`, AGAIN_MS);
  if (!answer) return null;
  return (
    <>
      <Values latest={answer} kind={kind} />
      <Curves path={path} kind={kind} latest={answer} />
    </>
  );
}
