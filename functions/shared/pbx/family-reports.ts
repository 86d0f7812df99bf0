import type { PbxOf } from '../config/pbx-registry.ts';
import { pSeriesReports } from './p-series/report.ts';
import type { ReportDialect } from './report-dialect.ts';
import { sSeriesReports, sSeriesV2Reports } from './s-series/report.ts';

export type Reporter =
  | (Pick<PbxOf<'s-series' | 'cloud-pbx'>, 'family'> &
      Partial<Pick<PbxOf<'s-series' | 'cloud-pbx'>, 'apiVersion'>>)
  | Pick<PbxOf<'openvox'>, 'family'>
  | Pick<PbxOf<'p-series'>, 'family' | 'reportAuthentication'>;

/** How to deal with what a PBX posts, whatever its family. */
export function reportDialectOf(pbx: Reporter): ReportDialect {
  switch (pbx.family) {
    case 'p-series':
      return pSeriesReports(pbx.reportAuthentication);
    case 's-series':
      return pbx.apiVersion === 'v2.0.0' ? sSeriesV2Reports : sSeriesReports;
    case 'cloud-pbx':
    case 'openvox':
      return sSeriesReports;
  }
}
