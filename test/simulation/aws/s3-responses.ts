import { XMLBuilder } from 'fast-xml-parser';
import type { AwsResponse } from './transport.ts';

export class S3Failure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

const builder = new XMLBuilder();

export const toXml = (root: string, content: object): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${builder.build({ [root]: content })}`;

export const failure = ({ status, code }: S3Failure): AwsResponse => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: toXml('Error', { Code: code, Message: code }),
});

export const emptyResponse = (status: number): AwsResponse => ({ status });
