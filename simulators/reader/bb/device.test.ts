import { describe, expect, it } from 'vitest';
import * as codec from '../../../edge/readers/bb/codec.ts';
import { EmulatedDeskModule } from './device.ts';

const seen = [{ epc: '3034257BF7194E4000001A85', antenna: 1, rssi: -50 }];
const cmds = (frames: readonly Uint8Array[]): number[] => new codec.BbCodec().push(Buffer.concat(frames)).map(({ cmd }) => cmd);

describe('an emulated desk module', () => {
  it('polls so many rounds as it was told, with a word for each empty one', () => {
    const module = new EmulatedDeskModule(1, [1]);
    module.hear(codec.multiPoll(3), 0);
    expect([module.stream(20, []), module.stream(30, seen), module.stream(50, []), module.stream(70, seen)].map(cmds)).toEqual([
      [codec.Cmd.ERROR],
      [codec.Cmd.POLL],
      [codec.Cmd.ERROR],
      [],
    ]);
  });

  it('hears only the end while it polls', () => {
    const module = new EmulatedDeskModule(1, [1]);
    module.hear(codec.multiPoll(100), 0);
    expect(cmds(module.hear(codec.getPower(), 1))).toEqual([]);
    expect(cmds(module.hear(codec.stopPoll(), 2))).toEqual([codec.Cmd.STOP]);
    expect(cmds(module.hear(codec.getPower(), 3))).toEqual([codec.Cmd.GET_POWER]);
  });

  it('refuses what it does not know, and loses its settings with its power', () => {
    const module = new EmulatedDeskModule(1, [1]);
    expect(cmds(module.hear(codec.setRegion(9), 0))).toEqual([codec.Cmd.ERROR]);
    module.hear(codec.setPower(1_500), 0);
    module.reboot();
    expect(module.settings.power).toBe(2_000);
  });
});
