import { anyText, fc, hostileText } from '../../property.ts';
import { exampleReport } from './example-report.ts';

const scalar = fc.oneof(hostileText, anyText, fc.double(), fc.boolean(), fc.constant(null));
const value = fc.oneof({ weight: 4, arbitrary: scalar }, fc.jsonValue());
const event = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('NewCdr', 'BootUp', 'RING', '') },
  hostileText,
  value,
);

/** A report as JSON in which some fields are missing, have another type or belong to another event. */
export const anyReport = fc
  .record(
    {
      action: event,
      event,
      recording: fc.oneof({ weight: 3, arbitrary: hostileText }, value),
      sn: fc.oneof(fc.constant(exampleReport.sn), value),
      ...Object.fromEntries(
        ['callid', 'timestart', 'callfrom', 'callto', 'talkduraction', 'srctrunkname', 'didnumber'].map(
          (field) => [field, value],
        ),
      ),
      members: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  .map((fields) => JSON.stringify({ ...exampleReport, ...fields }));
