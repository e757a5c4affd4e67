import type { ComponentChildren } from 'preact';
import { districtName } from '../../alerts/choices.ts';
import { follows } from '../../ground/router.ts';
import { deviceAddress } from '../../ground/views.ts';
import type { WholeDevice } from '../../types.ts';
import { t, tOf } from '../say.ts';
import { timeText } from '../words.ts';

/** What is registered of the device: where it is, what hangs there, how it is reached. */
export function About({ device }: { device: WholeDevice }) {
  const { file, unit, location, onvif, stream } = device;
  return (
    <section class="panel" aria-labelledby="part-about">
      <h3 id="part-about">{t('device.about')}</h3>
      <dl class="pairs">
        <Pair title={t('devices.district')}>{districtName(device.jurisdiction)}</Pair>
        <Pair title={t('about.address')}>{file.address}</Pair>
        <Pair title={t('about.place')}>
          {location.lat.toFixed(5)}, {location.lon.toFixed(5)} ({location.datum === 'gcj02' ? 'GCJ-02' : 'WGS-84'})
        </Pair>
        <Pair title={t('about.pole')}>{file.pole}</Pair>
        <Pair title={t('about.purpose')}>{device.purpose}</Pair>
        <Pair title={t('devices.accessClass')}>{tOf('pictures', device.accessClass)}</Pair>
        <Pair title={t('about.department')}>{device.department?.name}</Pair>
        <Pair title={t('about.maintainer')}>{file.maintainer}</Pair>
        <Pair title={t('about.gbId')}>{file.gbId}</Pair>
        <Pair title={t('about.tags')}>{file.tags?.join(', ')}</Pair>
        <Pair title={t('about.parent')}>{device.parent && <DeviceLink id={device.parent} />}</Pair>
        <Pair title={t('about.cameras')}>
          {device.cameras.length > 0 && device.cameras.map((id) => <DeviceLink key={id} id={id} />)}
        </Pair>
        <Pair title={t('about.model')}>{[unit?.maker, unit?.model].filter(Boolean).join(' ')}</Pair>
        <Pair title={t('about.serial')}>{unit?.serial}</Pair>
        <Pair title={t('about.mac')}>{unit?.mac}</Pair>
        <Pair title={t('about.firmware')}>{unit?.firmware}</Pair>
        <Pair title={t('about.onvif')}>{onvif?.xaddr}</Pair>
        <Pair title={t('about.stream')}>{stream?.url}</Pair>
        <Pair title={t('about.since')}>{timeText(device.createdAt)}</Pair>
      </dl>
    </section>
  );
}

/** What is not known is not said. */
function Pair({ title, children }: { title: string; children: ComponentChildren }) {
  if (children === undefined || children === null || children === false || children === '') return null;
  return (
    <>
      <dt>{title}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </>
  );
}

function DeviceLink({ id }: { id: string }) {
  return (
    <a class="device-link" href={deviceAddress(id)} onClick={follows}>
      {id}
    </a>
  );
}
