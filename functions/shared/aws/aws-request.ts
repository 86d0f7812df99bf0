export interface AwsRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Scheme, host and, where it is not the scheme's own, port. */
  origin: string;
  /** As it goes over the wire. */
  path: string;
  query?: Record<string, string>;
  /** Their names in lower case. */
  headers?: Record<string, string>;
  body?: string | Buffer;
  signal?: AbortSignal | undefined;
}

export interface AwsAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}
