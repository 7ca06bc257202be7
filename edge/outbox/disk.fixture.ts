import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

function succeeds(what: () => void): boolean {
  try {
    what();
    return true;
  } catch {
    return false;
  }
}

function tryFreezing(): void {
  const folder = mkdtempSync(join(tmpdir(), 'docket-freeze-'));
  const file = join(folder, 'file');
  const fd = openSync(file, 'w');
  try {
    freeze([file]);
    if (succeeds(() => writeSync(fd, 'x'))) throw new RangeError('it can be written nevertheless');
  } finally {
    thaw([file]);
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
}

export const freeze = (files: readonly string[]): void => void execFileSync('chattr', ['+i', ...files], { stdio: 'ignore' });
export const thaw = (files: readonly string[]): void => void execFileSync('chattr', ['-i', ...files], { stdio: 'ignore' });

/** A file system in memory that can be filled to its last byte. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'docket-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'docket', folder], { stdio: 'ignore' });
    return new SmallDisk(folder);
  }

  /**
   * Takes what is free now, to the last byte, and no more: a file that goes on growing would also take the reserve that the outbox
   * frees meanwhile, and of what is lost then no outbox can say anything.
   */
  fill(): void {
    const fd = openSync(join(this.folder, 'filler'), 'a');
    const { bavail, bsize } = statfsSync(this.folder);
    let left = bavail * bsize;
    try {
      for (const size of [65_536, 4_096, 1])
        succeeds(() => {
          while (left >= size) {
            const written = writeSync(fd, Buffer.alloc(size));
            left -= written;
            if (written < size) return;
          }
        });
    } finally {
      closeSync(fd);
    }
  }

  free(): void {
    rmSync(join(this.folder, 'filler'), { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder], { stdio: 'ignore' });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// Last: they try what stands above.
/** Whether this process may mount: only then can a disk really be filled. */
export const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0 && succeeds(() => SmallDisk.mount(1).unmount());

/** Whether files can be made unwritable even for a process that has them open. */
export const MAY_FREEZE = process.platform === 'linux' && process.getuid?.() === 0 && succeeds(tryFreezing);
