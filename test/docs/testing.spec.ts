/** Samples of docs/guides/testing.md. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Cron, SchedulerModule } from '../../lib/index.js';
import { SchedulerTester, SchedulerTestingModule } from '../../lib/testing/index.js';

@Injectable()
class Mailer {
  readonly sent: string[] = [];
}

@Injectable()
class Billing {
  constructor(private readonly mailer: Mailer) {}

  @Cron({ day: 1, hour: 0, minute: 0 }, { id: 'billing', timezone: 'Europe/Berlin' })
  charge() {
    this.mailer.sent.push('invoices');
  }
}

@Module({ imports: [SchedulerModule.forRoot()], providers: [Mailer, Billing] })
class AppModule {}

let app: TestingModule;
let tester: SchedulerTester;
afterEach(() => app.close());

describe('testing guide', () => {
  it('a year in a test', async () => {
    app = await Test.createTestingModule({
      imports: [AppModule, SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00Z' })],
    }).compile();
    await app.init();
    tester = app.get(SchedulerTester);

    await tester.travel({ days: 365 });

    expect(app.get(Mailer).sent).toHaveLength(12);
  });

  it('one job by hand', async () => {
    app = await Test.createTestingModule({
      imports: [AppModule, SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00Z' })],
    }).compile();
    await app.init();
    tester = app.get(SchedulerTester);

    const run = await tester.runJob('billing');
    const next = await tester.nextFires('billing', 2);

    expect(run.state).toBe('succeeded');
    expect(next[0].toISOString()).toBe('2026-11-30T23:00:00.000Z');
  });

  it('expectations', async () => {
    app = await Test.createTestingModule({
      imports: [AppModule, SchedulerTestingModule.forRoot({ now: '2026-11-20T00:00Z' })],
    }).compile();
    await app.init();
    tester = app.get(SchedulerTester);
    await tester.travelTo('2027-01-01');

    tester.expectRan('billing').times(2).withOutcome('succeeded');
    tester.expectRan('billing').at('2026-11-30T23:00Z', '2026-12-31T23:00Z');
    tester.expectSkipped('billing').never();
  });
});
