import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';
import { ArchiveStack } from '../../../infra/stack/archive-stack.ts';
import {
  context,
  findResource,
  flatten,
  type Json,
  officeOnly,
  statementsOf,
  synthArchive,
} from './synth-archive.ts';

const jwt = { type: 'jwt', issuer: 'https://id.example.com/tenant', audience: ['archive'], clientId: 'page' };
const archive = synthArchive();

const environmentOf = ({ resources }: ReturnType<typeof synthArchive>) => {
  const [, { Properties }] = findResource(resources, 'AWS::Lambda::Function', 'Page');
  return (Properties.Environment as { Variables: Record<string, Json> }).Variables;
};

describe('the page', () => {
  test('is there when people can sign in, by token or with an issuer that knows the page', () => {
    const hasPage = (authorization: object) => {
      const { resources, outputs } = synthArchive({ links: { authorization } });
      const routes = Object.values(resources).flatMap(({ Type, Properties }) =>
        Type === 'AWS::ApiGatewayV2::Route' ? [Properties.RouteKey] : [],
      );
      expect('PageUrl' in outputs).toBe(routes.includes('GET /'));
      return 'PageUrl' in outputs;
    };
    expect(hasPage({ type: 'token' })).toBe(true);
    expect(hasPage(jwt)).toBe(true);
    expect(hasPage({ ...jwt, clientId: undefined })).toBe(false);
    expect(hasPage({ type: 'iam' })).toBe(false);
  });

  test('has the address that is configured, or that of the API', () => {
    const addressWith = (links: object) => flatten(synthArchive({ links }).outputs.PageUrl?.Value);
    expect(addressWith({})).toMatch(/^https:\/\/<\w+>\.execute-api\./);
    expect(addressWith({ origin: 'https://recordings.example.com' })).toBe('https://recordings.example.com/');
  });

  test('may do nothing but write its log', () => {
    const actions = statementsOf(archive.resources, 'Page').flatMap(({ Action }) => Action);
    expect(actions.sort()).toEqual(['logs:CreateLogStream', 'logs:PutLogEvents']);
  });

  test('needs one permission for all its routes, which nobody has to be authorized for', () => {
    const [functionId] = findResource(archive.resources, 'AWS::Lambda::Function', 'Page');
    const permissions = Object.values(archive.resources).filter(
      ({ Type, Properties }) =>
        Type === 'AWS::Lambda::Permission' && flatten(Properties.FunctionName) === `<${functionId}.Arn>`,
    );
    expect(permissions).toHaveLength(1);
    const paths = ['/', '/s', '/assets/{file}'];
    for (const RouteKey of paths.flatMap((path) => [`GET ${path}`, `HEAD ${path}`])) {
      archive.template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
        RouteKey,
        AuthorizationType: 'NONE',
      });
    }
  });

  test('plays from the bucket and nowhere else', () => {
    const [bucketId] = findResource(archive.resources, 'AWS::S3::Bucket', 'Recordings');
    const source = `https://<${bucketId}.RegionalDomainName>`;
    expect(flatten(environmentOf(archive).MEDIA_SOURCES)).toBe(source);
    expect(flatten(environmentOf(archive).CONNECT_SOURCES)).toBe(source);
  });

  test('knows where the SDK finds a bucket whose name has dots', () => {
    const { MEDIA_SOURCES } = environmentOf(synthArchive({ bucket: { existing: 'calls.example.com' } }));
    expect(flatten(MEDIA_SOURCES)).toBe('https://s3.<AWS::Region>.<AWS::URLSuffix>/calls.example.com/');
    const other = environmentOf(synthArchive({ bucket: { existing: 'calls-of-old' } }));
    expect(flatten(other.MEDIA_SOURCES)).toBe('https://calls-of-old.s3.<AWS::Region>.<AWS::URLSuffix>');
  });

  test('gets tokens from the issuer, and from origins that are configured', () => {
    const withOrigins = (tokenOrigins: string[]) =>
      flatten(
        environmentOf(synthArchive({ links: { authorization: { ...jwt, tokenOrigins } } })).CONNECT_SOURCES,
      ).split(' ');
    expect(withOrigins([]).slice(1)).toEqual(['https://id.example.com']);
    expect(withOrigins(['https://login.example.com/']).slice(1)).toEqual([
      'https://id.example.com',
      'https://login.example.com',
    ]);
  });

  test('is deployed with its files, and the same again from the same sources', () => {
    const filesOf = () => {
      const app = new App({ context });
      new ArchiveStack(app, readArchiveConfig(officeOnly));
      const { directory, artifacts } = app.synth();
      expect(artifacts.length).toBeGreaterThan(0);
      return readdirSync(directory)
        .filter((name) => name.startsWith('asset.') && readdirSync(join(directory, name)).includes('page'))
        .map((name) => [name, ...readdirSync(join(directory, name, 'page')).sort()]);
    };
    const files = filesOf();
    expect(files).toEqual([[expect.stringMatching(/^asset\./), 'assets', 'index.html', 'index.html.gz']]);
    expect(filesOf()).toEqual(files);
  });
});
