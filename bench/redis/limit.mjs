// The limit: the least Lua that hands out jobs from Redis at all. One script takes 500 that are due, one marks them done: no
// plan, no run, no lease, nothing for a second process that dies in between.
import { Redis } from 'ioredis';

const TAKE = `
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
if #ids == 0 then return {} end
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, #ids - 1)
return {ids, redis.call('HMGET', KEYS[2], unpack(ids))}`;
const FINISH = `redis.call('HDEL', KEYS[1], unpack(ARGV))`;

export async function openLimit(url) {
  return new Redis(url);
}

export async function fillLimit(client, count, now) {
  for (let from = 1; from <= count; from += 1_000) {
    const scores = [];
    const data = [];
    for (let n = from; n < from + 1_000 && n <= count; n++) {
      scores.push(now - count + n, n);
      data.push(n, JSON.stringify([n]));
    }
    await Promise.all([client.zadd('due', ...scores), client.hset('jobs', ...data)]);
  }
}

/** Works off everything that is due; the next batch is on its way while one is finished. Answers how many. */
export async function drainLimit(client, batch, now, work) {
  const take = await client.script('LOAD', TAKE);
  const finish = await client.script('LOAD', FINISH);
  const next = () => client.evalsha(take, 2, 'due', 'jobs', now, batch);
  let done = 0;
  let finished = Promise.resolve();
  for (let asked = next(); ;) {
    const [ids, texts] = await asked;
    if (ids === undefined) break;
    asked = next();
    for (const text of texts) work(JSON.parse(text));
    await finished;
    finished = client.evalsha(finish, 1, 'jobs', ...ids);
    done += ids.length;
  }
  await finished;
  return done;
}
