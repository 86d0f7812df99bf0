import { findRunningHost } from '../../../infra/shared/host-file.ts';

/** The environment of the host that runs in `directory`. */
export const readHostFile = async (directory: string) => (await findRunningHost([directory])).environment;
