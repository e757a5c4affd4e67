import { acceptanceRoutes } from './acceptances.ts';
import { accessRegisterRoutes } from './access-register.ts';
import { accountRoutes } from './account.ts';
import { alertReportRoutes } from './alert-reports.ts';
import { alertRoutes } from './alerts.ts';
import { approvedPictureRoutes } from './approved-pictures.ts';
import { auditRoutes } from './audit.ts';
import { baseMapRoutes } from './base-map.ts';
import { brokerRoutes } from './broker.ts';
import { capRoutes } from './cap.ts';
import { channelRoutes } from './channels.ts';
import { checkJobRoutes } from './check-jobs.ts';
import { checkRoutes } from './checks.ts';
import { claimRoutes } from './claims.ts';
import { clipRoutes } from './clips.ts';
import { closingRoutes } from './closings.ts';
import { commandRoutes } from './commands.ts';
import { completenessRoutes } from './completeness.ts';
import { coverageReportRoutes } from './coverage-report.ts';
import { credentialRoutes } from './credentials.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { departmentRoutes } from './departments.ts';
import { deviceBatchRoutes } from './device-batch.ts';
import { deviceChangeRoutes } from './device-changes.ts';
import { deviceExportRoutes } from './device-export.ts';
import { deviceHealthRoutes } from './device-health.ts';
import { deviceHealthStreamRoutes } from './device-health-stream.ts';
import { deviceSearchRoutes } from './device-search.ts';
import { deviceRoutes } from './devices.ts';
import { discoveryRoutes } from './discoveries.ts';
import { displayRoutes } from './displays.ts';
import { drillRoutes } from './drills.ts';
import { dutyRoutes } from './duty.ts';
import { eventSourceRoutes } from './event-sources.ts';
import { explainRoutes } from './explain.ts';
import { exportRoutes } from './export.ts';
import { fileReportRoutes } from './file-report.ts';
import { filingReportRoutes } from './filing-reports.ts';
import { grantRoutes } from './grants.ts';
import { healthRoutes } from './health.ts';
import { historyRoutes } from './history.ts';
import { hitRoutes } from './hits.ts';
import { imageRoutes } from './images.ts';
import { importRoutes } from './imports.ts';
import { incidentRoutes } from './incidents.ts';
import { jurisdictionRoutes } from './jurisdictions.ts';
import { kindRoutes } from './kinds.ts';
import { labelRoutes } from './labels.ts';
import { lifeRoutes } from './life.ts';
import { liveSocketRoutes } from './live-socket.ts';
import { maintenanceRoutes } from './maintenance.ts';
import { mapRoutes } from './map.ts';
import { orderRoutes } from './orders.ts';
import { outageReportRoutes } from './outage-reports.ts';
import { overviewRoutes } from './overview.ts';
import { passageRoutes } from './passages.ts';
import { photoRoutes } from './photos.ts';
import { pickupReportRoutes } from './pickup-report.ts';
import { planRoutes } from './plans.ts';
import { platePermitRoutes } from './plate-permits.ts';
import { playbackRoutes } from './playback.ts';
import { policeRoutes } from './police.ts';
import { ptzRoutes } from './ptz.ts';
import { queueBoardRoutes } from './queue-board.ts';
import { receiptRoutes } from './receipts.ts';
import { recordingDiskRoutes } from './recording-disks.ts';
import { recordingExportRoutes } from './recording-exports.ts';
import { recordingPinRoutes } from './recording-pins.ts';
import { recordingReportRoutes } from './recording-report.ts';
import { recordingRoutes } from './recordings.ts';
import type { RoutePart } from './route.ts';
import { ruleDryRunRoutes } from './rule-dry-runs.ts';
import { ruleRecordingRoutes } from './rule-recordings.ts';
import { ruleVersionRoutes } from './rule-versions.ts';
import { sessionRoutes } from './session.ts';
import { setApartRoutes } from './set-apart.ts';
import { silenceRoutes } from './silences.ts';
import { siteReportRoutes } from './site-reports.ts';
import { streamLinkRoutes } from './stream-links.ts';
import { streamPassRoutes } from './stream-passes.ts';
import { streamRoutes } from './streams.ts';
import { subscriptionRoutes } from './subscriptions.ts';
import { telemetryRoutes } from './telemetry.ts';
import { thumbnailRoutes } from './thumbnails.ts';
import { tokenRoutes } from './tokens.ts';
import { trafficReportRoutes } from './traffic-report.ts';
import { unitRoutes } from './units.ts';
import { upkeepRoutes } from './upkeep.ts';
import { userRoutes } from './users.ts';
import { viewingCopyRoutes } from './viewing-copies.ts';
import { wallRoutes } from './walls.ts';
import { watchlistRoutes } from './watchlists.ts';

/** Routes under /api/v1. A new file of routes is added here and nowhere else. */
export const V1_ROUTES: readonly RoutePart[] = [
  deviceRoutes,
  deviceHealthRoutes,
  deviceHealthStreamRoutes,
  deviceSearchRoutes,
  mapRoutes,
  baseMapRoutes,
  deviceBatchRoutes,
  importRoutes,
  deviceChangeRoutes,
  deviceExportRoutes,
  labelRoutes,
  discoveryRoutes,
  ptzRoutes,
  recordingRoutes,
  playbackRoutes,
  thumbnailRoutes,
  recordingPinRoutes,
  approvedPictureRoutes,
  clipRoutes,
  recordingExportRoutes,
  viewingCopyRoutes,
  recordingDiskRoutes,
  upkeepRoutes,
  channelRoutes,
  unitRoutes,
  lifeRoutes,
  acceptanceRoutes,
  maintenanceRoutes,
  checkRoutes,
  checkJobRoutes,
  orderRoutes,
  photoRoutes,
  fileReportRoutes,
  planRoutes,
  coverageReportRoutes,
  outageReportRoutes,
  siteReportRoutes,
  filingReportRoutes,
  pickupReportRoutes,
  trafficReportRoutes,
  alertReportRoutes,
  recordingReportRoutes,
  closingRoutes,
  credentialRoutes,
  claimRoutes,
  commandRoutes,
  kindRoutes,
  jurisdictionRoutes,
  departmentRoutes,
  policeRoutes,
  telemetryRoutes,
  imageRoutes,
  historyRoutes,
  exportRoutes,
  passageRoutes,
  explainRoutes,
  completenessRoutes,
  deadLetterRoutes,
  tokenRoutes,
  displayRoutes,
  sessionRoutes,
  accountRoutes,
  grantRoutes,
  userRoutes,
  auditRoutes,
  alertRoutes,
  ruleDryRunRoutes,
  ruleRecordingRoutes,
  ruleVersionRoutes,
  drillRoutes,
  capRoutes,
  subscriptionRoutes,
  dutyRoutes,
  silenceRoutes,
  incidentRoutes,
  receiptRoutes,
  eventSourceRoutes,
  watchlistRoutes,
  hitRoutes,
  platePermitRoutes,
  streamRoutes,
  streamPassRoutes,
  streamLinkRoutes,
  liveSocketRoutes,
  wallRoutes,
  accessRegisterRoutes,
  overviewRoutes,
  brokerRoutes,
  setApartRoutes,
];

/** Routes outside the versioned API. */
export const ROOT_ROUTES: readonly RoutePart[] = [healthRoutes, queueBoardRoutes];
