import { cancel } from './cancel.js';
import { diff } from './diff.js';
import { history } from './history.js';
import { lint } from './lint.js';
import { list } from './list.js';
import { pause, resume } from './pause.js';
import { preview } from './preview.js';
import { prune } from './prune.js';
import { run, work } from './run.js';
import { test } from './test.js';
import { why } from './why.js';
import type { Command } from '../command.js';

/** All commands, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  list,
  run,
  work,
  test,
  pause,
  resume,
  cancel,
  history,
  why,
  preview,
  diff,
  lint,
  prune,
];
