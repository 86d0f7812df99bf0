import type { Family } from './family-settings.ts';
import { obstacleOf as obstacleOfPSeries } from './p-series/errors.ts';
import type { Obstacle } from './refusal.ts';
import { obstacleOf as obstacleOfSSeries } from './s-series/errors.ts';

const OBSTACLE_OF: Record<Family, (code: string) => Obstacle | undefined> = {
  's-series': obstacleOfSSeries,
  'cloud-pbx': obstacleOfSSeries,
  openvox: obstacleOfSSeries,
  'p-series': obstacleOfPSeries,
};

/** What the code of a refusal shows besides the failure of a session, whatever the family. */
export const obstacleOf = (family: Family, code: string) => OBSTACLE_OF[family](code);
