import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeSettings, RecurringJob } from '../node/settings.js';
import type { ClusterServer } from '../stores/cluster-store.js';
import type { Chronicle, Outage } from './chronicle.js';
import { wasAway } from './chronicle.js';
import { EvidenceBook } from './evidence-book.js';
import type { Fault } from './fault-plan.js';
import { Member } from './member.js';

export interface ClusterParts {
  /** Compiled `test/cluster/node/main.ts`. */
  readonly script: string;
  readonly evidence: string;
  readonly store: NodeSettings['store'];
  readonly chronicle: Chronicle;
  readonly server: ClusterServer | undefined;
}

/** Until a process has a long handler, however slow the machine is. */
const HANDLER_WITHIN = 30_000;
/** A signal is sent before it is felt. */
const STOPPED_WITHIN = 100;

/** Processes in numbered slots: one that is killed is followed by a new one in the same slot. */
export class Cluster {
  readonly members: Member[] = [];
  /** `begun`, with the member: a long handler has just begun in it. */
  private readonly begun = new EventEmitter();
  private isRestarting = false;
  private readonly slots: Member[] = [];
  private readonly started: Promise<void>[] = [];

  private recurring: readonly RecurringJob[] = [];
  private readonly end = new AbortController();

  constructor(private readonly parts: ClusterParts) {}

  /** That many processes, whose code defines these jobs. */
  async start(count: number, recurring: readonly RecurringJob[]): Promise<void> {
    this.recurring = recurring;
    await Promise.all(Array.from({ length: count }, async (_, slot) => await this.startIn(slot)));
  }

  /** A process that adds and reads jobs and runs none. */
  async client(): Promise<Member> {
    return await this.add({ role: 'client', recurring: [] });
  }

  /** Does to the cluster what the fault says; resolves when that is over. */
  async suffer(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return await this.killAndReplace(fault.slot, fault.downMs);
      case 'freeze':
        return await this.freeze(fault.slot, fault.forMs);
      case 'cut':
        return await this.cut();
      case 'restart':
        return await this.restart(fault.how, fault.downMs);
    }
  }

  /** Everybody leaves in good order; answers those who did not. */
  async leave(): Promise<string[]> {
    await Promise.all(this.started);
    const ends = await Promise.all(this.members.map(async (member) => await this.endOf(member)));
    return ends.filter((end) => end !== '');
  }

  /** Whoever is left, also after a failure in the middle. */
  async kill(): Promise<void> {
    this.end.abort();
    await Promise.allSettled(this.started);
    await Promise.all(this.members.filter((it) => !it.hasEnded).map(async (member) => await member.kill()));
  }

  /** Processes that nobody ended. */
  get deserters(): readonly Member[] {
    return this.members.filter((member) => member.hasEnded && !member.isExpectedToEnd);
  }

  get output(): string {
    return this.members.map(({ pid, output }) => `--- ${pid}\n${output.slice(-1_500)}`).join('\n');
  }

  /** Ends early, as an error, when the cluster is killed. */
  private async sleep(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.end.signal });
  }

  private async endOf(member: Member): Promise<string> {
    if (member.hasEnded) return '';
    const how = await member.leave();
    return how === 'code 0' ? '' : `process ${member.pid} left with ${how}:\n${member.output.slice(-1_000)}`;
  }

  private async startIn(slot: number): Promise<void> {
    const started = this.add({ role: 'all', recurring: this.recurring }, slot).then(() => undefined);
    this.started.push(started.catch(() => undefined));
    await started;
  }

  private async add(settings: Pick<NodeSettings, 'role' | 'recurring'>, slot?: number): Promise<Member> {
    const { script, evidence, store } = this.parts;
    const member = new Member(script, { ...settings, evidence, store });
    this.members.push(member);
    member.onBegun(() => this.begun.emit('begun', member));
    if (slot !== undefined) this.slots[slot] = member;
    try {
      await member.ready();
      return member;
    } catch (error) {
      // It may be killed before it is ready, too.
      if (member.isExpectedToEnd) return member;
      if (!member.hasEnded || !wasAway(this.parts.chronicle, Date.now())) throw error;
      member.isExpectedToEnd = true;
      this.parts.chronicle.failedStarts.push(member.pid);
      await this.sleep(500);
      return await this.add(settings, slot);
    }
  }

  private async killAndReplace(slot: number, downMs: number): Promise<void> {
    const member = this.slots[slot];
    // It was killed a moment ago, and the next is not there yet.
    if (member.hasEnded) return;
    this.parts.chronicle.kills.push({ at: Date.now(), pid: member.pid });
    await member.kill();
    await this.sleep(downMs);
    await this.startIn(slot);
  }

  private async freeze(slot: number, forMs: number): Promise<void> {
    const { member, from } = await this.stopInTheMiddle(slot);
    // Where there is no server, it may hold the lock of the file, and then nobody else can write.
    const outage = this.parts.server === undefined ? this.outage(from) : null;
    await this.sleep(forMs);
    if (outage !== null) outage.to = Date.now();
    this.parts.chronicle.freezes.push({ pid: member.pid, from, to: Date.now() });
    member.signal('SIGCONT');
  }

  /** Stops the first process that gets a long handler, and gives it this slot: no plan says which one gets any. */
  private async stopInTheMiddle(slot: number): Promise<{ member: Member; from: number }> {
    const signal = AbortSignal.any([this.end.signal, AbortSignal.timeout(HANDLER_WITHIN)]);
    for (;;) {
      const [member] = (await once(this.begun, 'begun', { signal })) as [Member];
      member.signal('SIGSTOP');
      const from = Date.now();
      await this.sleep(STOPPED_WITHIN);
      const place = this.slots.indexOf(member);
      // This process may have heard of it late: the handler may be through, or its process killed and replaced.
      if (place >= 0 && !member.hasEnded && new EvidenceBook(this.parts.evidence).isInTheMiddle(member.pid)) {
        this.slots[place] = this.slots[slot];
        this.slots[slot] = member;
        return { member, from };
      }
      member.signal('SIGCONT');
    }
  }

  private async cut(): Promise<void> {
    // Of a server that is away nothing is left to be cut.
    if (this.isRestarting) return;
    const outage = this.outage();
    this.parts.chronicle.cuts.push(await this.parts.server!.cut());
    outage.to = Date.now();
  }

  private async restart(how: 'stop' | 'crash', downMs: number): Promise<void> {
    const outage = this.outage();
    this.isRestarting = true;
    await this.parts.server!.stop(how);
    await this.sleep(downMs);
    await this.parts.server!.start();
    this.isRestarting = false;
    outage.to = Date.now();
  }

  private outage(from = Date.now()): Outage {
    const outage = { from, to: Infinity };
    this.parts.chronicle.outages.push(outage);
    return outage;
  }
}

/** Grouped so that half of them are defined by every node's code, and half are added at run time. */
export function halves(jobs: readonly RecurringJob[]): { ofCode: RecurringJob[]; added: RecurringJob[] } {
  const isOfCode = (_: RecurringJob, index: number): boolean => index % 2 === 0;
  return { ofCode: jobs.filter(isOfCode), added: jobs.filter((job, index) => !isOfCode(job, index)) };
}
