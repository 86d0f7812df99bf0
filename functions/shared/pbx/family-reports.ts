import type { Pbx } from '../config/pbx-registry.ts';
import { sSeriesReports } from './s-series/report.ts';
import type { ReportDialect } from './types.ts';

const DIALECTS: Readonly<Record<Pbx['family'], ReportDialect>> = {
  's-series': sSeriesReports,
};

/** How to deal with what a PBX posts, whatever its family. */
export const reportDialectOf = ({ family }: Pick<Pbx, 'family'>): ReportDialect => DIALECTS[family];
