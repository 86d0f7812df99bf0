import type { RowForm } from '../../../infra/simulated-pbx/p-series/recordings.ts';
import type { SimulatedPSeries } from '../../../infra/simulated-pbx/p-series/simulated-p-series.ts';
import { delay } from '../engine/virtual-time.ts';
import { drawTalkSeconds, recordCall, reportCall } from './calls.ts';
import type { Office } from './office.ts';
import { drawRecording } from './recordings.ts';

/** Calls with which a P-Series does something that other PBXs do not. */
export const createPSeriesStories = (pbx: SimulatedPSeries, rows: RowForm): Office['stories'] => ({
  /** The PBX's own archive moves the file, perhaps before it is fetched. */
  'p-series-archived-away': async (world, office, random) => {
    const file = drawRecording(random, world.faults, office.formats);
    const talkSeconds = drawTalkSeconds(random, file);
    const recording = recordCall(world, office, random, { file, talkSeconds });
    const reported = reportCall(world, recording, random);
    await delay(random.pick([0, 5_000, 60_000, 600_000]));
    pbx.archiveAway(recording.name);
    // Old firmware does not say where the file has gone.
    if (rows === 'old') recording.isDeleted = true;
    else recording.isMovedAway = true;
    await reported;
  },
});
