/** Every fault that a run of some hundred seeds must have seen at least once, by the name under which it is counted. */
export const EXPECTED: readonly string[] = [
  ...['delay', 'stall', 'cut', 'silence', 'cutInside', 'fragments', 'noHub', 'drop', 'duplicate', 'reorder', 'slowCall', 'latePost'],
  ...['edgeCrash', 'tornWrite', 'powerCut', 'restart', 'restore', 'diskFull', 'ioError', 'clockJump', 'deadBattery', 'hubClock'],
  ...['ledgerCrash', 'gatewayCrash', 'crashBeforePuback', 'commandCrash', 'hubError', 'deploy', 'eviction', 'keyRotation'],
  // No fault, and yet a run without one has shown nothing of checkpoints.
  'checkpoint',
];
