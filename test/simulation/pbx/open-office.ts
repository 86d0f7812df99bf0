import type { World } from '../world.ts';
import type { Family, Office } from './office.ts';
import { openPSeriesOffice } from './p-series-office.ts';
import { openSSeriesOffice } from './s-series-office.ts';

const OPENERS = { 's-series': openSSeriesOffice, 'p-series': openPSeriesOffice };

export const openOffice = (world: World, id: string, family: Family): Promise<Office> =>
  OPENERS[family](world, id, world.randomFor(id));
