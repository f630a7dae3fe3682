/** An application without shutdown hooks: runs a shell task, and ends in the way that it is told. */
const [folder] = process.argv.slice(2);
const { JobContext, SystemClock } = await import(`${folder}/core/index.js`);
const { execHandler } = await import(`${folder}/tasks/index.js`);

const ways = {
  exit: () => process.exit(0),
  throw: () => {
    throw new Error('nobody catches this');
  },
};

function context() {
  return new JobContext({
    job: { id: 'job', name: null, task: 'exec', tags: [], timezone: 'UTC' },
    run: { id: 'run', fireTime: 0, count: 1 },
    attempt: 1,
    makeLogger: () => undefined,
    onProgress: () => undefined,
    print: () => undefined,
    pipeTo: () => undefined,
  });
}

const run = (exec) => execHandler({ exec }, new SystemClock())([], context());

process.on('message', async (message) => {
  if (message in ways) ways[message]();
  const lines = message.lines ?? [];
  for (const [index, line] of lines.entries()) {
    const end = run(line).catch(() => undefined);
    if (index === lines.length - 1) process.send('last one');
    await end;
  }
});
process.send('ready');
