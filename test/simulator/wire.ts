import type { Instant, Store } from '../../lib/core/index.js';
import type { Agenda, Setup } from './agenda.js';
import type { Random } from './random.js';
import type { Server } from './server.js';
import type { SimNode } from './sim-node.js';

/** What the wires of a simulation need of it. */
export interface WireSite {
  readonly random: Random;
  readonly agenda: Agenda;
  readonly setup: Setup;
  readonly server: Server;
  readonly now: Instant;
  readonly isCalm: boolean;
  readonly isStoreAway: boolean;
  readonly nodes: readonly SimNode[];
  trace(node: string, text: string): void;
}

type Part = 'jobs' | 'history' | 'nodes';

/** Steps that change jobs: the others are woken. */
const WAKES: ReadonlySet<string> = new Set(['change', 'put', 'enter']);
/** May arrive twice: a settlement that is in doubt is sent again by drivers, too. */
const REPEATABLE: ReadonlySet<string> = new Set(['settle', 'beat']);

class Cut extends Error {
  constructor() {
    super('connection terminated');
  }
}

/** One call on its way. */
interface Sent {
  readonly part: Part;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The connection of one node: each call arrives later, is lost before or after its step, or is never answered. */
export class Wire {
  readonly store: Store;

  constructor(
    private readonly site: WireSite,
    private readonly node: () => SimNode,
  ) {
    const store = { alias: 'default', isShared: true, jobs: this.part('jobs'), history: this.part('history') };
    this.store = { ...store, nodes: this.part('nodes') } as unknown as Store;
  }

  private part(part: Part): object {
    return new Proxy(
      {},
      {
        get: (_, method: string) => {
          if (method === 'settlesWithClaims') return this.site.server.base.jobs.settlesWithClaims;
          if (method === 'settleSpacing') return this.site.setup.isLocal ? 0 : 20;
          if (['then', 'hasForeignWrites', 'claimsAtOnce'].includes(method)) return undefined;
          if (method === 'watch') return this.site.setup.watches ? (wake: () => void) => this.watch(wake) : undefined;
          return (...args: unknown[]) => this.call(part, method, args);
        },
      },
    );
  }

  private watch(wake: () => void): () => void {
    this.node().wake = wake;
    return () => (this.node().wake = null);
  }

  private call(part: Part, method: string, args: readonly unknown[]): Promise<unknown> {
    // What is sent is what it was when it was sent.
    const own = args.map((arg) => (Array.isArray(arg) ? [...(arg as unknown[])] : arg));
    return new Promise((resolve, reject) => this.send({ part, method, args: own, resolve, reject }));
  }

  private send(sent: Sent): void {
    const { random, setup, isCalm } = this.site;
    const { faults } = setup;
    let way = random.int(0, setup.way);
    if (!isCalm && random.chance(faults.delayed)) way += random.int(500, 8_000);
    const isLost = !isCalm && random.chance(faults.cutBefore);
    this.at(way, null, `${sent.method} of ${this.node().id}`, () => this.arrive(sent, isLost));
    if (isCalm || !REPEATABLE.has(sent.method) || !random.chance(faults.twice)) return;
    const again = { ...sent, resolve: () => undefined, reject: () => undefined };
    this.at(way + random.int(0, 12_000), null, `${sent.method} again`, () => this.arrive(again, false));
  }

  private async arrive(sent: Sent, isLost: boolean): Promise<void> {
    const { site } = this;
    const node = this.node();
    if (isLost || site.isStoreAway || node.isCutOff) {
      site.trace(node.id, `${sent.method} is cut off before its step`);
      this.answer(sent, () => sent.reject(new Cut()));
      return;
    }
    if (sent.method === 'claimDue' && site.setup.inTwoSteps) {
      const [request, plan] = sent.args as [any, any];
      const reading = site.server.readDue(request, plan);
      this.at(site.random.int(0, site.setup.way), node, `apply of ${node.id}`, () => {
        return this.make(sent, () => Promise.resolve(site.server.claimRead(request, reading)));
      });
      return;
    }
    await this.make(sent, () => site.server.call(sent.part, sent.method, sent.args));
  }

  private async make(sent: Sent, step: () => Promise<unknown>): Promise<void> {
    const { site } = this;
    const { random, setup, isCalm } = site;
    const node = this.node();
    try {
      const answer = await step();
      site.trace(node.id, `${sent.method} is made${shown(sent, answer)}`);
      if (WAKES.has(sent.method)) this.wakeOthers();
      if (!isCalm && random.chance(setup.faults.unanswered)) {
        // Until the driver gives its connection up, which may be later than the engine's patience.
        this.at(random.int(20_000, 50_000), node, `silence after ${sent.method}`, () => sent.reject(new Cut()));
        return;
      }
      const isCut = !isCalm && random.chance(setup.faults.cutAfter);
      this.answer(sent, isCut ? () => sent.reject(new Cut()) : () => sent.resolve(answer));
    } catch (error) {
      this.answer(sent, () => sent.reject(error as Error));
    }
  }

  private answer(sent: Sent, give: () => void): void {
    const { random, setup } = this.site;
    const node = this.node();
    this.at(random.int(0, setup.way), node, `answer of ${sent.method} to ${node.id}`, () => {
      if (node.isCutOff) sent.reject(new Cut());
      else give();
    });
  }

  private wakeOthers(): void {
    const { site } = this;
    for (const other of site.nodes) {
      if (other === this.node() || other.wake === null || other.isCutOff) continue;
      this.at(site.random.int(0, 2 * site.setup.way), other, `wake-up of ${other.id}`, () => other.wake?.());
    }
  }

  private at(wait: number, owner: SimNode | null, label: string, run: () => unknown): void {
    this.site.agenda.add({ at: this.site.now + wait, owner, label, run });
  }
}

function shown({ method, args }: Sent, answer: any): string {
  if (method === 'claimDue')
    return `: ${answer.claims.map((it: any) => `${it.runId}#${it.token} ${it.cause}`).join(' ')}`;
  if (method === 'settle' || method === 'renew') {
    const of = args[0] as any[];
    const verdicts = of.map((it, index) => {
      const held = answer[index].held ?? answer[index];
      return `${it.runId}#${it.token} ${it.outcome ?? it.kind ?? ''} ${held}`;
    });
    return `: ${verdicts.join(', ')}`;
  }
  if (method === 'change') return `: ${answer.map((it: any) => it.before.id).join(' ')}`;
  return '';
}
