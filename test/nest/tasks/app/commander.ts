// A process of its own: nest-commander is loaded by require(), which the test runner cannot do with modules of Nest.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, CommandRunner, Option } from 'nest-commander';
import { ConsoleCommand, JobContext, SchedulerModule, SchedulerRegistry } from '../../../../lib/index.js';
import type { Schedule } from '../../../../lib/index.js';

const lines = JSON.parse(process.argv[2]) as string[];
const calls: unknown[][] = [];

@Command({ name: 'mail:send', aliases: ['mail'], arguments: '<list> [day]' })
class MailCommand extends CommandRunner {
  run(words: string[], options: Record<string, unknown>): Promise<void> {
    calls.push([words, options, JobContext.current()?.jobId]);
    return Promise.resolve();
  }
  @Option({ flags: '-n, --number-of-mails <count>', required: true }) count(text: string) {
    return Number(text);
  }
  @Option({ flags: '-f, --force' }) force() {
    return true;
  }
  @Option({ flags: '--to <names...>' }) to(name: string, before: string[] = []) {
    return [...before, name.toUpperCase()];
  }
  @Option({ flags: '--trace [level]', defaultValue: 'off' }) trace(text: string) {
    return text;
  }
  @Option({ flags: '--no-color', name: 'colour' }) colour() {
    return false;
  }
  @Option({ flags: '--format <name>', choices: ['text', 'html'] }) format(text: string) {
    return text;
  }
}

@Injectable()
class Caches {
  @ConsoleCommand('cache:clear') clear() {}
}

@Injectable()
class Kernel {
  defineSchedule(schedule: Schedule) {
    for (const line of lines) schedule.command(line).yearly().name(line);
  }
}

@Module({ imports: [SchedulerModule.forRoot({ log: 'silent' })], providers: [Kernel, MailCommand, Caches] })
class AppModule {}

/** How each line's run ended, and what the command was called with. */
async function results(): Promise<unknown> {
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  const registry = app.get(SchedulerRegistry);
  const found: unknown[] = [];
  for (const line of lines) {
    const { id } = await registry.runNow(line);
    let run = await registry.run(id);
    while (run === null || run.settledAt === null) {
      await new Promise((resolve) => setImmediate(resolve));
      run = await registry.run(id);
    }
    found.push({ state: run.state, error: run.error, call: calls.pop() ?? null });
  }
  await app.close();
  return found;
}

const answer = await results().catch(({ code, message }: { code: string; message: string }) => ({ code, message }));
process.stdout.write(JSON.stringify(answer));
