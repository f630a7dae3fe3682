import type { Link } from '../server/link.js';
import { codeOf, StillUnderWay } from './postgres-errors.js';
import type { Begun } from './scope.js';

/** A checkpoint tells its time in whole seconds. */
const CHECKPOINT_TIME_STEP = 1_000;

/** insufficient_privilege, undefined_function: not for this user; object_not_in_prerequisite_state: a standby by now. */
const NOT_TOLD = new Set(['42501', '42883', '55000']);

/** invalid_parameter_value: the id is in the future again, since a crash. */
const NOT_GIVEN_OUT = '22023';

/**
 * A server that crashes forgets the ids of transactions of which nothing was on its disk, and gives them out again: then the
 * state of `$1` may be another transaction's. That is ruled out where there was no recovery since the begin (`$2`: its latest
 * checkpoint is older), and where the id is below the next one at the end of the recovery, whose checkpoint begins where it
 * ends. Null: it cannot be told, after a promotion of a standby say.
 */
const QUESTION = `SELECT pg_xact_status($1::xid8), CASE
    WHEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) <> lpad(upper(to_hex(timeline_id)), 8, '0') THEN NULL
    WHEN checkpoint_time < to_timestamp($2::double precision / 1000) THEN true
    WHEN checkpoint_lsn = redo_lsn AND current_setting('wal_level') <> 'minimal'
      THEN (split_part(next_xid::text, ':', 1)::bigint << 32) + split_part(next_xid::text, ':', 2)::bigint > $1::text::bigint
  END FROM pg_control_checkpoint()`;

/**
 * Did the transaction become durable, though its connection went before the server could say so? Null: nobody knows; it is
 * done again, and finds what it did before, but for runs that are asked for by hand.
 *
 * @throws {StillUnderWay} ask again
 */
export async function wasCommitted(link: Link, { xid, now }: Begun): Promise<boolean | null> {
  const [state, isItsOwn] = await stateOf(link, xid, now - CHECKPOINT_TIME_STEP);
  if (state === 'in progress') throw new StillUnderWay();
  // Its own or another's: a transaction whose id was given out again is gone.
  if (state === 'aborted') return false;
  return state === null ? null : isItsOwn;
}

async function stateOf(
  link: Link,
  xid: string,
  begunAt: number,
): Promise<[state: string | null, isItsOwn: boolean | null]> {
  try {
    const { rows } = await link.query(QUESTION, [xid, begunAt]);
    return rows[0] as [string | null, boolean | null];
  } catch (error) {
    const code = codeOf(error);
    if (code === NOT_GIVEN_OUT) return ['aborted', null];
    if (NOT_TOLD.has(code)) return [null, null];
    throw error;
  }
}
