import type { ClaimRequest, ClaimResult, Clock, Instant, Millis } from '../../core/index.js';
import type { DuePage } from './due-reader.js';
import type { RedisLink } from './redis-link.js';

/** A look at everything tells the server's time too, which nodes go by. */
const TRUSTED_FOR: Millis = 60_000;

interface Quiet {
  readonly changed: string;
  readonly result: ClaimResult;
  readonly readAt: Millis;
}

/**
 * What the last claim found, when that was nothing: as long as nobody commits anything, the next one finds nothing either
 * before the instant that was told, so one command answers it. All that makes something due sooner, and each new lease, is
 * a commit; what a claim of another node takes, and puts back, was in its lane for the last look too.
 */
export class QuietLook {
  private last: Quiet | null = null;

  constructor(
    private readonly link: RedisLink,
    private readonly clock: Clock,
  ) {}

  /** null: all must be looked at. */
  async answer(request: ClaimRequest): Promise<ClaimResult | null> {
    const { last } = this;
    if (last === null || !this.isCovered(request, last)) return null;
    const changed = await this.link.command((client) => client.get(`${this.link.base}:changed`));
    if (changed === last.changed) return last.result;
    this.last = null;
    return null;
  }

  /** `result` came of this one page. */
  note(request: ClaimRequest, page: DuePage, result: ClaimResult): void {
    const isQuiet = page.items.length === 0 && !page.isAnyEnded && page.changed !== '' && !result.hasMore;
    const isAll = request.exceptExecutors.size === 0 && request.recoverBefore !== null;
    const isLater = page.nextAt === null || page.nextAt > request.until;
    this.last =
      isQuiet && isAll && isLater
        ? { changed: page.changed, result: { ...result, storeNow: null }, readAt: this.clock.monotonic() }
        : null;
  }

  /** Something has changed: asking whether it has would be one question more. */
  forget(): void {
    this.last = null;
  }

  private isCovered({ exceptExecutors, recoverBefore, until }: ClaimRequest, { result, readAt }: Quiet): boolean {
    const nextAt: Instant = result.nextDueAt ?? Number.POSITIVE_INFINITY;
    const isKnown = until < nextAt && this.clock.monotonic() - readAt < TRUSTED_FOR;
    return isKnown && exceptExecutors.size === 0 && recoverBefore !== null;
  }
}
