import { createMemoryStore } from '../../../lib/stores/memory/index.js';
import { describeJobStore } from '../../../lib/testing/index.js';

describeJobStore('the memory store', {
  create: () => createMemoryStore({ alias: 'default' }),
});
