import type { Attempt, Executor, JobContext, Millis } from '../../lib/core/index.js';
import type { Random } from './random.js';
import type { SimNode } from './sim-node.js';

/** What the handlers of a simulation need of it. */
export interface HandlerSite {
  readonly random: Random;
  /** Faults are over: handlers end soon and well. */
  readonly isCalm: boolean;
  started(node: SimNode, context: JobContext, token: number): void;
  /** Goes on after a while, if the node still lives and may act. */
  later(node: SimNode, wait: Millis, label: string, go: () => void): void;
  trace(node: string, text: string): void;
}

interface Open {
  readonly node: SimNode;
  readonly context: JobContext;
  readonly runId: string;
  ended: boolean;
  /** Ends it, if it has not ended. */
  give: () => void;
}

/** Handlers that succeed, fail, take long, hang until they are stopped, or hear nothing at all. */
export class Handlers {
  /** How an attempt truly ended, by run and token. */
  private readonly truths = new Map<string, 'succeeded' | 'failed'>();
  private open: Open[] = [];

  constructor(private readonly site: HandlerSite) {}

  executorOf(node: () => SimNode, concurrency: number): Executor {
    return { concurrency, execute: (attempt) => this.execute(node(), attempt) };
  }

  succeeded(runId: string, token: number): boolean {
    return this.truths.get(`${runId}/${token}`) === 'succeeded';
  }

  /** Handlers of a run on a node that go on and were not told to stop. */
  unheeding(runId: string, nodeId: string): boolean {
    return this.open.some(
      ({ node, context, runId: id, ended }) =>
        id === runId && node.id === nodeId && node.mayAct && !ended && !context.signal.aborted,
    );
  }

  /** Faults are over: what hangs comes to its end. */
  endAll(): void {
    for (const { node, runId, give } of [...this.open]) {
      this.site.later(node, this.site.random.int(0, 1_000), `end of ${runId}`, give);
    }
  }

  private execute(node: SimNode, { context }: Attempt): unknown {
    const token = node.held.get(context.runId) ?? 0;
    const key = `${context.runId}/${token}`;
    this.site.started(node, context, token);
    const { random, isCalm } = this.site;
    const behaviour = random.int(0, 99);
    const succeed = (): string => {
      this.truths.set(key, 'succeeded');
      return 'done';
    };
    const fail = (): never => {
      this.truths.set(key, 'failed');
      throw new Error('failed on purpose');
    };
    if (behaviour < 20) return succeed();
    if (isCalm) return this.after(node, context, random.int(0, 500), succeed);
    if (behaviour < 25) return fail();
    if (behaviour < 70) return this.after(node, context, random.int(0, 3_000), succeed);
    if (behaviour < 82) return this.after(node, context, random.int(0, 2_000), fail);
    if (behaviour < 89) return this.after(node, context, random.int(4_000, 25_000), succeed);
    if (behaviour < 97) return this.untilStopped(node, context);
    // Hears nothing and ends long after, or never.
    return this.after(node, context, random.chance(0.5) ? 60_000 : 10_000_000, succeed, true);
  }

  private after(
    node: SimNode,
    context: JobContext,
    wait: Millis,
    end: () => unknown,
    isDeaf = false,
  ): Promise<unknown> {
    const open = this.opened(node, context);
    return new Promise((resolve, reject) => {
      open.give = (): void => {
        if (open.ended) return;
        this.close(open);
        this.site.trace(node.id, `handler of ${context.runId} ends`);
        try {
          resolve(end());
        } catch (error) {
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
          reject(error);
        }
      };
      if (!isDeaf && this.site.random.chance(0.5)) this.stopsEarly(node, context, open, reject);
      this.site.later(node, wait, `handler of ${context.runId}`, () => open.give());
    });
  }

  private untilStopped(node: SimNode, context: JobContext): Promise<unknown> {
    const open = this.opened(node, context);
    return new Promise((_, reject) => {
      open.give = () => {
        if (open.ended) return;
        this.close(open);
        reject(new Error('hung for long'));
      };
      this.stopsEarly(node, context, open, reject);
    });
  }

  private stopsEarly(node: SimNode, context: JobContext, open: Open, reject: (error: Error) => void): void {
    context.signal.addEventListener('abort', () => {
      this.site.later(node, this.site.random.int(0, 300), `stop of ${context.runId}`, () => {
        if (open.ended) return;
        this.close(open);
        reject(new Error('stopped as told'));
      });
    });
  }

  private opened(node: SimNode, context: JobContext): Open {
    const open: Open = { node, context, runId: context.runId, ended: false, give: () => undefined };
    this.open.push(open);
    return open;
  }

  private close(open: Open): void {
    open.ended = true;
    this.open = this.open.filter((it) => it !== open);
  }
}
