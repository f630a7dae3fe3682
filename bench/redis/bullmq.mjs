// BullMQ the way its documentation recommends for throughput: addBulk, one Worker with a high concurrency, no-op handler.
import { Queue, Worker } from 'bullmq';

const QUEUE = 'bench';

export function connectionOf(url) {
  const { hostname: host, port } = new URL(url);
  return { host, port: Number(port), maxRetriesPerRequest: null };
}

export async function openQueue(url) {
  const queue = new Queue(QUEUE, { connection: connectionOf(url) });
  await queue.waitUntilReady();
  return queue;
}

export async function fillQueue(queue, count) {
  const jobs = Array.from({ length: count }, (_, n) => ({ name: 'send', data: [n], opts: {} }));
  const started = performance.now();
  const adds = [];
  for (let from = 0; from < count; from += 1_000) {
    adds.push(queue.addBulk(jobs.slice(from, from + 1_000)));
    if (adds.length > 2) await adds[adds.length - 3];
  }
  await Promise.all(adds);
  return count / ((performance.now() - started) / 1_000);
}

export async function startWorker(url, handler, concurrency) {
  const worker = new Worker(QUEUE, async (job) => handler(job), { connection: connectionOf(url), concurrency });
  worker.on('error', () => undefined);
  await worker.waitUntilReady();
  return worker;
}
