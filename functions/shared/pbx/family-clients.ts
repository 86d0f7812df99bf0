import type { Pbx } from '../config/pbx-registry.ts';
import { createPSeriesClient } from './p-series/client.ts';
import type { PbxClient } from './pbx-client.ts';
import { createSSeriesClient } from './s-series/client.ts';
import type { ClientOptions } from './transport.ts';

/** The client of a PBX, whatever its family. */
export function createPbxClient(pbx: Pbx, options: ClientOptions = {}): PbxClient {
  switch (pbx.family) {
    case 'p-series':
      return createPSeriesClient(pbx, options);
    case 's-series':
    case 'cloud-pbx':
    case 'openvox':
      return createSSeriesClient(pbx, options);
  }
}
