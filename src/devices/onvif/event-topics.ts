/** What a topic means in our words. */
export interface TopicMeaning {
  /** Path of the topic; a last segment `*` stands for any one. */
  topic: string;
  /** Event type of the kind `camera`. */
  event: 'motion' | 'tamper' | 'video_loss' | 'digital_input' | 'intrusion' | 'line_crossing';
  /** `state` is on or off and only a change is an event; `pulse` happens and is over. */
  how: 'state' | 'pulse';
  /** Names of the item of `Data` that says whether it is on; a pulse may have none. */
  value: readonly string[];
  /** What the topic itself tells of the cause. */
  cause?: 'moved' | 'covered' | 'blurred' | 'dazzled' | 'dark' | 'other';
}

const STATE = ['State', 'IsState', 'Active'];

/**
 * Every topic that is known: one row each, and a new one is one more row. From the ONVIF topic name space, and what
 * makers send instead: Bosch `VideoAnalytics/MotionAlarm`; Axis and Hanwha `VideoAnalytics/MotionDetection`; TP-Link
 * rules below `CellMotionDetector`; Hikvision `Trigger/AlarmIn`.
 */
export const TOPICS: readonly TopicMeaning[] = [
  { topic: 'RuleEngine/CellMotionDetector/Motion', event: 'motion', how: 'state', value: ['IsMotion', ...STATE] },
  { topic: 'RuleEngine/MotionRegionDetector/Motion', event: 'motion', how: 'state', value: STATE },
  { topic: 'VideoSource/MotionAlarm', event: 'motion', how: 'state', value: STATE },
  { topic: 'VideoAnalytics/MotionAlarm', event: 'motion', how: 'state', value: STATE },
  { topic: 'VideoAnalytics/MotionDetection', event: 'motion', how: 'state', value: ['motion', ...STATE] },
  { topic: 'RuleEngine/TamperDetector/Tamper', event: 'tamper', how: 'state', value: ['IsTamper', ...STATE] },
  { topic: 'RuleEngine/CellMotionDetector/Tamper', event: 'tamper', how: 'state', value: ['IsTamper', ...STATE] },
  { topic: 'VideoAnalytics/TamperingDetection', event: 'tamper', how: 'state', value: STATE },
  { topic: 'VideoSource/GlobalSceneChange', event: 'tamper', how: 'state', value: STATE, cause: 'moved' },
  { topic: 'VideoSource/GlobalSceneChange/*', event: 'tamper', how: 'state', value: STATE, cause: 'moved' },
  { topic: 'VideoSource/ImageTooDark', event: 'tamper', how: 'state', value: STATE, cause: 'dark' },
  { topic: 'VideoSource/ImageTooDark/*', event: 'tamper', how: 'state', value: STATE, cause: 'dark' },
  { topic: 'VideoSource/ImageTooBright', event: 'tamper', how: 'state', value: STATE, cause: 'dazzled' },
  { topic: 'VideoSource/ImageTooBright/*', event: 'tamper', how: 'state', value: STATE, cause: 'dazzled' },
  { topic: 'VideoSource/ImageTooBlurry', event: 'tamper', how: 'state', value: STATE, cause: 'blurred' },
  { topic: 'VideoSource/ImageTooBlurry/*', event: 'tamper', how: 'state', value: STATE, cause: 'blurred' },
  { topic: 'VideoSource/SignalLoss', event: 'video_loss', how: 'state', value: STATE },
  { topic: 'VideoSource/SignalLoss/*', event: 'video_loss', how: 'state', value: STATE },
  { topic: 'Device/Trigger/DigitalInput', event: 'digital_input', how: 'state', value: ['LogicalState', ...STATE] },
  { topic: 'Device/Trigger/AlarmIn', event: 'digital_input', how: 'state', value: ['LogicalState', ...STATE] },
  { topic: 'RuleEngine/FieldDetector/ObjectsInside', event: 'intrusion', how: 'state', value: ['IsInside', ...STATE] },
  { topic: 'RuleEngine/CellMotionDetector/Intrusion', event: 'intrusion', how: 'state', value: ['IsIntrusion'] },
  { topic: 'RuleEngine/LineDetector/Crossed', event: 'line_crossing', how: 'pulse', value: [] },
  { topic: 'VideoAnalytics/LineDetector/Crossed', event: 'line_crossing', how: 'pulse', value: [] },
  { topic: 'RuleEngine/CellMotionDetector/LineCross', event: 'line_crossing', how: 'pulse', value: ['IsLineCross'] },
  { topic: 'RuleEngine/LineCrossDetector/LineCross', event: 'line_crossing', how: 'pulse', value: ['IsLineCross'] },
];

const BY_TOPIC: ReadonlyMap<string, TopicMeaning> = new Map(TOPICS.map((row) => [row.topic, row]));

/** Undefined for a topic that is in no row. */
export function meaningOf(topic: string): TopicMeaning | undefined {
  return BY_TOPIC.get(topic) ?? BY_TOPIC.get(topic.replace(/\/[^/]*$/, '/*'));
}
