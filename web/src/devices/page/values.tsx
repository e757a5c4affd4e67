import { saidText } from '../../case/values.ts';
import { fieldOf, fieldTitle } from '../../fields.ts';
import { age } from '../../texts.ts';
import { nowMs } from '../../ticker.ts';
import type { LatestValues } from '../../types.ts';
import { t } from '../say.ts';

/** What the device said last, each with its age. */
export function Values({ latest, kind }: { latest: LatestValues; kind: string }) {
  const fields = Object.entries(latest.fields);
  return (
    <section class="panel" aria-labelledby="part-values">
      <h3 id="part-values">{t('device.values')}</h3>
      {fields.length === 0 && <p class="hint">{t('device.values.none')}</p>}
      {fields.length > 0 && (
        <table class="values">
          <tbody>
            {fields.map(([name, { value, at }]) => (
              <tr key={name}>
                <th scope="row">
                  <bdi>{fieldTitle(name, kind)}</bdi>
                </th>
                <td>
                  <bdi>{saidText(name, value, fieldOf(kind, name)?.unit)}</bdi>
                </td>
                <td class="device-facts">{age(nowMs.value - Date.parse(at))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
