import { LimitCron } from '../shared/limit-cron.mjs';

/** The limit: one binary heap of jobs by next fire time, one timer for the first of them, and nothing else. */
export class LimitScheduler {
  #jobs = [];

  add(expression, work, firstAt) {
    const cron = LimitScheduler.#compiled(expression);
    this.#jobs.push({ at: cron.next(firstAt), cron, work });
    this.#rise(this.#jobs.length - 1);
  }

  start() {
    setTimeout(() => this.#fireDue(), Math.max(0, this.#jobs[0].at - Date.now()));
  }

  #fireDue() {
    const now = Date.now();
    while (this.#jobs[0].at <= now) {
      const job = this.#jobs[0];
      job.work();
      job.at = job.cron.next(job.at);
      this.#sink(0);
    }
    this.start();
  }

  #rise(index) {
    const jobs = this.#jobs;
    const job = jobs[index];
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (jobs[parent].at <= job.at) break;
      jobs[index] = jobs[parent];
      index = parent;
    }
    jobs[index] = job;
  }

  #sink(index) {
    const jobs = this.#jobs;
    const job = jobs[index];
    for (;;) {
      let child = 2 * index + 1;
      if (child + 1 < jobs.length && jobs[child + 1].at < jobs[child].at) child++;
      if (child >= jobs.length || jobs[child].at >= job.at) break;
      jobs[index] = jobs[child];
      index = child;
    }
    jobs[index] = job;
  }

  static #cache = new Map();

  static #compiled(expression) {
    const cache = LimitScheduler.#cache;
    if (!cache.has(expression)) cache.set(expression, new LimitCron(expression));
    return cache.get(expression);
  }
}
