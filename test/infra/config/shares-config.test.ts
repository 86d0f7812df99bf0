import { describe, expect, test } from 'vitest';
import { readArchiveConfig } from '../../../infra/config/archive-config.ts';

const pbxs = { 'head-office': { baseUrl: 'https://203.0.113.10:8088' } };
const linksWith = (links: object) => readArchiveConfig({ pbxs, links }).links;

function problemOf(links: object): string {
  try {
    linksWith(links);
  } catch (error) {
    return String(error).split('\n').slice(1).join().trim();
  }
  return 'none';
}

describe('shares', () => {
  test.each([
    [{}, { allowed: true, maxDays: 30, defaultDays: 7 }],
    [{ allowed: false }, { allowed: false, maxDays: 30, defaultDays: 7 }],
    [{ maxDays: 3 }, { allowed: true, maxDays: 3, defaultDays: 3 }],
    [
      { maxDays: 365, defaultDays: 90 },
      { allowed: true, maxDays: 365, defaultDays: 90 },
    ],
  ])('%j means %j', (shares, expected) => {
    expect(linksWith({ shares }).shares).toEqual(expected);
  });

  test.each([
    [{ maxDays: 0 }, 'links.shares.maxDays: should be at least 1'],
    [{ maxDays: 366 }, 'links.shares.maxDays: should be at most 365'],
    [{ maxDays: 5, defaultDays: 6 }, 'links.shares.defaultDays: should be at most maxDays'],
    [{ forbidden: true }, 'links.shares.forbidden: is not a known setting'],
  ])('%j is refused', (shares, problem) => {
    expect(problemOf({ shares })).toBe(problem);
  });
});

test.each([
  [0, 'links.accessLogDays: should be at least 1'],
  [3654, 'links.accessLogDays: should be at most 3653'],
  [1, 'none'],
  [3653, 'none'],
])('an access log that is kept for %i days: %s', (accessLogDays, problem) => {
  expect(problemOf({ accessLogDays })).toBe(problem);
});
