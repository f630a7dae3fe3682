throw new Error('no configuration file');
