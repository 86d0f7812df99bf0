import type { Readable } from 'node:stream';
import { addRow } from '../../call-log/merge-call-rows.ts';
import { connectionError } from '../errors.ts';
import { type CdrWindow, type Listing, type ListOptions, MAX_UNREADABLE_ROWS } from '../pbx-client.ts';
import { findCallEnd } from './call-end.ts';
import { callOf } from './cdr.ts';
import { type ReadOptions, readCdrs, StrayQuote } from './read-cdrs.ts';

/** Starts the download of the call log of a window, as CSV. */
export type OpenCdrs = (token: string, window: CdrWindow, signal: AbortSignal) => Promise<Readable>;

/**
 * Reads the call log of a window, from which alone it can be seen what was recorded. Rejects with `cdr-malformed` if the
 * PBX's file is not a usable call log.
 */
export async function listRecordings(
  openCdrs: OpenCdrs,
  token: string,
  window: CdrWindow,
  options: ListOptions,
): Promise<Listing> {
  const read = async (readOptions: ReadOptions): Promise<Listing> => {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    const file = await openCdrs(token, window, signal).catch((error: unknown) => {
      throw connectionError(error);
    });
    return readListing(file, signal, options.timeZone, readOptions);
  };
  return read({}).catch((error: unknown) => {
    if (!(error instanceof StrayQuote)) throw error;
    return read({ quoting: false });
  });
}

async function readListing(
  file: Readable,
  signal: AbortSignal,
  timeZone: string,
  options: ReadOptions,
): Promise<Listing> {
  const listing: Listing = { recorded: new Map(), unreadable: 0, unreadableRows: [] };
  // Read the file to its end before anything else: a PBX should not have to wait for S3.
  for await (const row of readCdrs(file, signal, options)) {
    if ('problem' in row) {
      listing.unreadable += 1;
      if (listing.unreadableRows.length < MAX_UNREADABLE_ROWS) listing.unreadableRows.push(row);
    } else {
      const { recording, cdr } = row;
      addRow(listing.recorded, recording, { call: callOf(cdr), endedAt: findCallEnd(cdr, timeZone) });
    }
  }
  return listing;
}
