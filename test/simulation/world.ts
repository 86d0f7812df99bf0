import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  INDEX_EVENT_MAX_RECEIVES,
  JOB_DELAY_SECONDS,
  JOB_MAX_RECEIVES,
  SESSION_REQUEST_MAX_RECEIVES,
  visibilitySecondsFor,
} from '../../functions/shared/config/limits.ts';
import { DynamoDb } from './aws/dynamodb.ts';
import { EventSource } from './aws/event-source.ts';
import { LambdaFunction } from './aws/lambda-function.ts';
import { ReportApi } from './aws/report-api.ts';
import { S3 } from './aws/s3.ts';
import { SecretsManager } from './aws/secrets-manager.ts';
import { Queue, Sqs } from './aws/sqs.ts';
import type { AwsService } from './aws/transport.ts';
import { createRandom, type Random } from './engine/random.ts';
import { Trace } from './engine/trace.ts';
import { elapsedMs, setWallClock } from './engine/virtual-time.ts';
import { drawWeather, Faults } from './faults.ts';
import { DeadLetterChecks } from './invariants/dead-letters.ts';
import { EndingChecks } from './invariants/endings.ts';
import { FunctionChecks } from './invariants/functions.ts';
import { IndexChecks } from './invariants/index.ts';
import { LoginChecks } from './invariants/logins.ts';
import { LogChecks } from './invariants/logs.ts';
import { PSeriesChecks } from './invariants/p-series.ts';
import { PbxChecks } from './invariants/pbx.ts';
import { RecordingChecks } from './invariants/recordings.ts';
import { Violations } from './invariants/violations.ts';
import type { Line } from './pbx/line.ts';
import type { Office } from './pbx/office.ts';

const QUEUE_URL_BASE = 'https://sqs.us-east-1.amazonaws.com/000000000000/';

/** Everything in the run of a seed: one deployment, its PBXs, and the checks of both. */
export class World {
  readonly seed: number;
  readonly trace: Trace;
  readonly violations: Violations;
  readonly faults: Faults;
  /** For durations. */
  readonly latency: Random;
  readonly offices: Office[] = [];
  /** The time zone of all PBXs, if the seed needs a certain one. */
  readonly timeZone: string | undefined;
  readonly aws: {
    s3: S3;
    sqs: Sqs;
    secrets: SecretsManager;
    dynamoDb: DynamoDb;
    serviceAt(hostname: string): AwsService;
  };
  readonly checks;
  readonly functions: {
    webhook: LambdaFunction;
    session: LambdaFunction;
    archiver: LambdaFunction;
    reconcile: LambdaFunction;
    indexer: LambdaFunction;
  };
  readonly reports: ReportApi;
  readonly eventSources: EventSource[] = [];
  readonly #startsAt: number;
  readonly #startedAtElapsed = elapsedMs();
  readonly #endings: (() => void)[] = [];

  constructor(
    seed: number,
    start: { startsAt: number; timeZone?: string | undefined },
    print?: (line: string) => void,
  ) {
    this.seed = seed;
    this.#startsAt = start.startsAt;
    this.timeZone = start.timeZone;
    this.stepOurClock(0);
    Math.random = this.randomFor('Math.random').next;
    this.trace = new Trace(print);
    this.violations = new Violations(this.trace);
    this.faults = new Faults(this.randomFor('faults'), drawWeather(this.randomFor('weather')), this.trace);
    this.latency = this.randomFor('latency');

    const [s3, sqs, secrets] = [new S3(this), new Sqs(), new SecretsManager(this)];
    const dynamoDb = new DynamoDb(this);
    const services: Record<string, AwsService> = { s3, sqs, secretsmanager: secrets, dynamodb: dynamoDb };
    const serviceAt = (hostname: string) => {
      const name = hostname.split('.').find((label) => Object.hasOwn(services, label)) ?? '';
      return services[name] as AwsService;
    };
    this.aws = { s3, sqs, secrets, dynamoDb, serviceAt };
    const deadLetters = sqs.add(new Queue(this, 'dead-letters', { visibilityMs: 30_000 }));
    const logs = new LogChecks(this);
    this.onEnd(() => logs.stop());
    this.checks = {
      recordings: new RecordingChecks(this),
      index: new IndexChecks(this),
      endings: new EndingChecks(this),
      deadLetters: new DeadLetterChecks(this, deadLetters),
      functions: new FunctionChecks(this),
      logins: new LoginChecks(this),
      pbx: new PbxChecks(this),
      pSeries: new PSeriesChecks(this),
      logs,
    };
    this.functions = {
      webhook: new LambdaFunction(this, 'cdr-webhook'),
      session: new LambdaFunction(this, 'pbx-session'),
      archiver: new LambdaFunction(this, 'archive-recording'),
      reconcile: new LambdaFunction(this, 'reconcile'),
      indexer: new LambdaFunction(this, 'index-recording'),
    };
    this.reports = new ReportApi(this, this.functions.webhook);
    const requests = sqs.add(
      new Queue(this, 'session-requests', {
        visibilityMs: 1000 * visibilitySecondsFor('pbx-session'),
        maxReceives: SESSION_REQUEST_MAX_RECEIVES,
        deadLetters,
      }),
    );
    this.eventSources.push(new EventSource(this, requests, this.functions.session, 5));
    const indexDeadLetters = sqs.add(new Queue(this, 'index-dead-letters', { visibilityMs: 30_000 }));
    const indexEvents = sqs.add(
      new Queue(this, 'index-events', {
        visibilityMs: 1000 * visibilitySecondsFor('index-recording'),
        maxReceives: INDEX_EVENT_MAX_RECEIVES,
        deadLetters: indexDeadLetters,
      }),
    );
    s3.onChange = (event, id) => indexEvents.send({ id, body: JSON.stringify(event), attributes: {} });
    this.eventSources.push(new EventSource(this, indexEvents, this.functions.indexer, 5));
  }

  randomFor(purpose: string): Random {
    return createRandom(this.seed, purpose);
  }

  /** The true time, which AWS has. */
  now = (): number => this.#startsAt + elapsedMs() - this.#startedAtElapsed;

  /** Sets the clock of the functions ahead by `offsetMs`. */
  stepOurClock(offsetMs: number): void {
    setWallClock(this.now() + offsetMs);
  }

  /** `undefined` if no PBX of this world has the name. */
  lineTo(hostname: string): Line | undefined {
    return this.offices.find(({ line }) => new URL(line.origin).hostname === hostname)?.line;
  }

  /** Deploys the PBXs: creates their queues, and sets the environment of the functions. */
  deploy(offices: Office[]): void {
    this.offices.push(...offices);
    const { sqs } = this.aws;
    for (const { names } of offices) {
      const options = {
        delayMs: 1000 * JOB_DELAY_SECONDS,
        visibilityMs: 1000 * visibilitySecondsFor('archive-recording'),
        maxReceives: JOB_MAX_RECEIVES,
      };
      const deadLetters = sqs.queues.get('dead-letters') as Queue;
      const queue = sqs.add(new Queue(this, names.queueName, { ...options, deadLetters }));
      this.eventSources.push(new EventSource(this, queue, this.functions.archiver, 2));
    }
    const directory = mkdtempSync(join(tmpdir(), 'simulation-'));
    this.onEnd(() => rmSync(directory, { recursive: true }));
    const registry = join(directory, 'pbxs.json');
    writeFileSync(
      registry,
      JSON.stringify(Object.fromEntries(offices.map(({ id, settings }) => [id, settings]))),
    );
    Object.assign(process.env, {
      PBX_REGISTRY_FILE: registry,
      QUEUE_URL_BASE,
      DEAD_LETTER_QUEUE_URL: `${QUEUE_URL_BASE}dead-letters`,
      SESSION_QUEUE_URL: `${QUEUE_URL_BASE}session-requests`,
      BUCKET_NAME: 'archive',
      INDEX_TABLE: 'index',
      INDEX_QUEUE_URL: `${QUEUE_URL_BASE}index-events`,
      EVENT_BUS: 'none',
      EVENT_NUMBERS: 'off',
      EVENT_KEY_SECRET: 'none',
      REPORT_HOST: 'reports.example',
      STACK_NAME: 'Simulated',
    });
  }

  /** What the runbook says to do once the cause of failed events is gone. */
  redriveIndexEvents(): void {
    const { queues } = this.aws.sqs;
    const events = queues.get('index-events') as Queue;
    queues.get('index-dead-letters')?.redriveTo(events);
  }

  onEnd(end: () => void): void {
    this.#endings.push(end);
  }

  end(): void {
    for (const end of this.#endings) end();
  }
}
