/** What the camera can be made to notice and to see end again. */
export type Noticeable = 'motion' | 'tamper' | 'signal-loss' | 'input';

export interface EyeTokens {
  configuration: string;
  source: string;
}

/** As the media service tells them of a recorder; a camera names its only eye as many makers do. */
export function eyeOf(channel: number | null): EyeTokens {
  if (channel === null) return { configuration: 'VideoSource_1', source: 'VideoSource_1' };
  return { configuration: `source_configuration_${channel}`, source: `channel_${channel}` };
}

interface Noticing {
  topic: string;
  source(eye: EyeTokens): Record<string, string>;
  /** Item of the data that says whether it is so. */
  item: string;
}

/** What the camera can be made to notice, as the event service tells it. */
export const NOTICEABLE: Record<Noticeable, Noticing> = {
  motion: {
    topic: 'tns1:RuleEngine/CellMotionDetector/Motion',
    source: ({ configuration }) => ({ VideoSourceConfigurationToken: configuration, Rule: 'MyMotionDetectorRule' }),
    item: 'IsMotion',
  },
  tamper: {
    topic: 'tns1:RuleEngine/TamperDetector/Tamper',
    source: ({ configuration }) => ({ VideoSourceConfigurationToken: configuration, Rule: 'MyTamperDetectorRule' }),
    item: 'IsTamper',
  },
  'signal-loss': { topic: 'tns1:VideoSource/SignalLoss', source: ({ source }) => ({ Source: source }), item: 'State' },
  input: { topic: 'tns1:Device/Trigger/DigitalInput', source: () => ({ InputToken: 'Input_1' }), item: 'LogicalState' },
};
