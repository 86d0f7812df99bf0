declare module 'dynalite' {
  import type { Server } from 'node:http';

  /** https://github.com/architect/dynalite#api; times are in milliseconds. */
  export default function dynalite(options: {
    path?: string;
    createTableMs?: number;
    updateTableMs?: number;
    deleteTableMs?: number;
  }): Server;
}

/** Not part of the API of dynalite. */
declare module 'dynalite/db/index.js' {
  import type { Readable } from 'node:stream';

  type Callback = (error: unknown, value?: unknown) => void;

  /** A database of https://github.com/Level/classic-level, to which dynalite has added callbacks and streams. */
  export interface LevelDatabase {
    open(): Promise<void>;
    close: { _original(): Promise<void> };
    get(key: string, callback?: Callback): Promise<unknown> | undefined;
    put(key: string, value: unknown, callback?: Callback): Promise<unknown> | undefined;
    del(key: string, callback?: Callback): Promise<unknown> | undefined;
    batch(operations: object[], callback?: Callback): Promise<unknown> | undefined;
    createValueStream(options?: object): Readable;
    iterator(range: {
      gte: string;
      lt: string;
    }): AsyncIterable<[key: string, value: { TableStatus?: string }]>;
  }

  const databases: { create(options: object): { db: LevelDatabase } };
  export default databases;
}
