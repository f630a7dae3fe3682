import { describeJobStore } from '../../lib/testing/describe-job-store.js';
import { createModelStore } from './model/model-store.js';

describeJobStore('the model of the simulator', {
  create: () => createModelStore(),
  skip: {
    'enters nothing when admit throws': "the engine's admit never throws, and the model takes nothing back",
    'and folds a skip into the one right before it, of the same reason and detail': 'the model keeps each as it came',
  },
});
