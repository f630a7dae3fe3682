// A process of its own: nest-commander is loaded by require(), which the test runner cannot do with modules of Nest.
import 'reflect-metadata';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Command, CommandFactory, CommandRunner, Option, OptionChoiceFor, SubCommand } from 'nest-commander';
import { ConsoleCommand, JobContext, SchedulerModule, SchedulerRegistry } from '../../../../lib/index.js';
import type { Schedule } from '../../../../lib/index.js';

const lines = JSON.parse(process.argv[2]) as string[];
const calls: unknown[][] = [];

abstract class Recorded extends CommandRunner {
  run(words: string[], options: Record<string, unknown> = {}): Promise<void> {
    calls.push([this.constructor.name, words, options, JobContext.current()?.jobId]);
    return Promise.resolve();
  }
}

@Command({ name: 'mail:send', aliases: ['mail'], arguments: '<list> [day]' })
class MailCommand extends Recorded {
  @Option({ flags: '-n, --number-of-mails <count>', required: true, env: 'CLI_MAILS' }) count(text: string) {
    return Number(text);
  }
  @Option({ flags: '-f, --force' }) force() {
    return true;
  }
  @Option({ flags: '-q' }) quietly() {}
  @Option({ flags: '--to <names...>' }) to(name: string, before: string[] = []) {
    return [...before, name.toUpperCase()];
  }
  @Option({ flags: '--trace [level]', defaultValue: 'off' }) trace(text: string) {
    return text;
  }
  @Option({ flags: '--limit [count]' }) limit(text: string) {
    return Number(text);
  }
  @Option({ flags: '--no-color', name: 'colour' }) colour() {
    return false;
  }
  @Option({ flags: '--format <name>', choices: ['text', 'html'] }) format(text: string) {
    return text;
  }
  @Option({ flags: '--tone <name>', name: 'tone', choices: true }) tone(text: string) {
    return text;
  }
  @OptionChoiceFor({ name: 'tone' }) tones() {
    return this.tonesKnown;
  }
  @Option({ flags: '--dry-run', env: 'CLI_DRY_RUN' }) dryRun() {
    return true;
  }
  private readonly tonesKnown = ['warm', 'dry'];
}

@SubCommand({ name: 'add', aliases: ['create'], arguments: '<name>' })
class AddCommand extends Recorded {
  @Option({ flags: '-p, --plan <name>', defaultValue: 'free' }) plan(text: string) {
    return text;
  }
}

@SubCommand({ name: 'active', arguments: '[since]' })
class ActiveCommand extends Recorded {}

@SubCommand({ name: 'list', arguments: '[filter]', options: { isDefault: true }, subCommands: [ActiveCommand] })
class ListCommand extends Recorded {}

@SubCommand({ name: 'lost' })
class LostCommand extends Recorded {}

@Command({ name: 'users', subCommands: [AddCommand, ListCommand, LostCommand] })
class UsersCommand extends Recorded {
  @Option({ flags: '--deep' }) deep() {
    return true;
  }
}

@Command({ name: 'proxy', arguments: '[words...]', allowUnknownOptions: true, subCommands: [ActiveCommand] })
class ProxyCommand extends Recorded {
  @Option({ flags: '-v' }) loud() {
    return true;
  }
}

/** As in an application whose nest-commander never started this command: that one throws at its start. */
@Command({ name: 'nobody-knows' })
class ChoicelessCommand extends Recorded {
  @Option({ flags: '--tone <name>', name: 'tone', choices: true }) tone(text: string) {
    return text;
  }
}

const commands = [MailCommand, UsersCommand, AddCommand, ListCommand, ActiveCommand, ProxyCommand];

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

@Module({
  imports: [SchedulerModule.forRoot({ log: 'silent' })],
  providers: [Kernel, Caches, ChoicelessCommand, ...commands],
})
class AppModule {}

@Module({ providers: commands })
class CommandsModule {}

/** What nest-commander itself calls for a line typed by hand. */
async function theirs(line: string): Promise<unknown> {
  const app = await CommandFactory.createWithoutRunning(CommandsModule, false);
  process.argv = ['node', 'cli.js', ...line.split(' ')];
  await CommandFactory.runApplication(app);
  await app.close();
  return calls.pop() ?? null;
}

/** How each line's run ended, what the command was called with, and what it is called with by nest-commander. */
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
    const call = calls.pop() ?? null;
    // What it refuses ends its process.
    found.push({ state: run.state, error: run.error, call, theirs: call === null ? null : await theirs(line) });
  }
  await app.close();
  return found;
}

const answer = await results().catch(({ code, message }: { code: string; message: string }) => ({ code, message }));
process.stdout.write(JSON.stringify(answer));
