import { resolve } from 'node:path';

export const projectRoot = resolve(import.meta.dirname, '../..');

/** Kept between runs: the virtual environment of Python. */
export const venv = resolve(projectRoot, '.local/e2e/venv');

/** Made anew by each run, and kept after it for whoever has to find out what failed. */
export const runDirectory = resolve(projectRoot, '.local/e2e/run');

export const region = 'eu-central-1';
export const account = '111122223333';

/** A name that a host in this region has on AWS. Nobody resolves it: every client is told to connect to loopback. */
export const awsHost = `${region}.amazonaws.com`;

export const stackName = 'PbxRecordingArchive';
