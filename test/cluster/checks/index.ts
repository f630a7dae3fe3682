export { settledOnce } from './settled-once.js';
export { fireTimesCovered } from './fire-times-covered.js';
export { instancesLimited } from './instances-limited.js';
export { zombiesAborted } from './zombies-aborted.js';
export { recoveredInTime } from './recovered-in-time.js';
export { faultsHappened } from './faults-happened.js';
