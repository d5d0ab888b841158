/* Stands between a program and the files below $CUT_ROOT (LD_PRELOAD).
 *
 * It writes down, in $CUT_LOG, every change of data and of names in the order they happened and what was made durable by fsync
 * and fdatasync, so that a campaign can build the disk that a power cut would have left (campaigns/src/power.rs reads it).
 * And it plays a disk that is full, read-only or slow, as the first letter of the file $CUT_FAULT says: F, R, S (20 ms an act).
 *
 * The clock of the day is moved by as many seconds as the file $CUT_CLOCK says.
 *
 * Only what the shop and its libraries call is covered. Changes through mmap are not seen: SQLite's -shm file is made anew at
 * each start and is no part of what must last.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind { CREATE = 1, WRITE, TRUNCATE, RENAME, UNLINK, MKDIR, RMDIR, SYNC, PROCESS };

struct record {
    uint32_t kind, path, to, data;
    uint64_t ino, offset, begun, time_ns;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root, *fault;
static size_t root_length;
static int log_fd = -1;
static uint64_t sequence;

__attribute__((constructor)) static void begin(void) {
    root = getenv("CUT_ROOT");
    fault = getenv("CUT_FAULT");
    root_length = root ? strlen(root) : 0;
    const char *log = getenv("CUT_LOG");
    if (log) log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Each process counts its acts from 0. */
    struct record r = {.kind = PROCESS};
    if (log_fd >= 0 && syscall(SYS_write, log_fd, &r, sizeof r) < 0) abort();
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int below(const char *path) {
    return root && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* An absolute path; 0: it is not below the root. */
static int resolve(int dir, const char *path, char *out) {
    if (!root) return 0;
    if (path[0] == '/') {
        snprintf(out, PATH_MAX, "%s", path);
        return below(out);
    }
    char link[64], base[PATH_MAX / 2];
    if (dir == AT_FDCWD) {
        if (!getcwd(base, sizeof base)) return 0;
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0 || strlen(path) >= PATH_MAX / 2) return 0;
        base[n] = 0;
    }
    snprintf(out, PATH_MAX, "%s/%s", base, path);
    return below(out);
}

static int of_fd(int fd, char *out) {
    if (!root || fd == log_fd) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, PATH_MAX - 1);
    if (n <= 0 || out[0] != '/') return 0;
    out[n] = 0;
    return below(out);
}

static uint64_t inode(int fd) {
    struct stat st;
    return fstat(fd, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* Called with the lock held. */
static void note(enum kind kind, const char *path, const char *to, uint64_t ino, uint64_t offset, const void *data, size_t size,
                 uint64_t begun) {
    if (log_fd < 0) return;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct record r = {kind, (uint32_t)strlen(path), to ? (uint32_t)strlen(to) : 0, (uint32_t)size, ino, offset, begun,
                       (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec};
    struct iovec parts[4] = {{&r, sizeof r}, {(void *)path, r.path}, {(void *)to, r.to}, {(void *)data, size}};
    sequence++;
    if (syscall(SYS_writev, log_fd, parts, 4) < 0) abort();
}

/* What the disk of today says to a change: 0, or the error. */
static int trouble(void) {
    if (!fault) return 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, fault, O_RDONLY | O_CLOEXEC);
    char letter = 0;
    if (fd >= 0) {
        if (syscall(SYS_read, fd, &letter, 1) != 1) letter = 0;
        syscall(SYS_close, fd);
    }
    struct timespec slow = {0, 20000000};
    switch (letter) {
    case 'F': return ENOSPC;
    case 'R': return EROFS;
    case 'S': nanosleep(&slow, NULL); return 0;
    default: return 0;
    }
}

static int opened(int dir, const char *path, int flags, mode_t mode, int (*act)(int, const char *, int, mode_t)) {
    char full[PATH_MAX];
    if (!(flags & (O_CREAT | O_TRUNC)) || !resolve(dir, path, full)) return act(dir, path, flags, mode);
    struct stat st;
    pthread_mutex_lock(&lock);
    int there = stat(full, &st) == 0;
    int error = there ? 0 : trouble();
    if (error) {
        pthread_mutex_unlock(&lock);
        errno = error;
        return -1;
    }
    int fd = act(dir, path, flags, mode);
    if (fd >= 0 && !there) note(CREATE, full, NULL, inode(fd), 0, NULL, 0, 0);
    if (fd >= 0 && there && (flags & O_TRUNC) && st.st_size > 0) note(TRUNCATE, full, NULL, inode(fd), 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

static int real_openat(int dir, const char *path, int flags, mode_t mode) {
    return (int)syscall(SYS_openat, dir, path, flags, mode);
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list args; \
        va_start(args, flags); \
        mode = (mode_t)va_arg(args, int); \
        va_end(args); \
    }

int open(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode, real_openat);
}
int open64(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode, real_openat);
}
int openat(int dir, const char *path, int flags, ...) {
    MODE(flags)
    return opened(dir, path, flags, mode, real_openat);
}
int openat64(int dir, const char *path, int flags, ...) {
    MODE(flags)
    return opened(dir, path, flags | O_LARGEFILE, mode, real_openat);
}
int creat(const char *path, mode_t mode) {
    return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode, real_openat);
}

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return real(fd, data, size);
    int error = trouble();
    if (error) return errno = error, -1;
    pthread_mutex_lock(&lock);
    ssize_t n = real(fd, data, size);
    if (n > 0) note(WRITE, path, NULL, inode(fd), (uint64_t)(lseek(fd, 0, SEEK_CUR) - n), data, (size_t)n, 0);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return real(fd, parts, count);
    ssize_t all = 0;
    for (int i = 0; i < count; i++) {
        ssize_t n = write(fd, parts[i].iov_base, parts[i].iov_len);
        if (n < 0) return all ? all : n;
        all += n;
        if ((size_t)n < parts[i].iov_len) break;
    }
    return all;
}

static ssize_t placed(int fd, const void *data, size_t size, off_t at) {
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return syscall(SYS_pwrite64, fd, data, size, at);
    int error = trouble();
    if (error) return errno = error, -1;
    pthread_mutex_lock(&lock);
    ssize_t n = syscall(SYS_pwrite64, fd, data, size, at);
    if (n > 0) note(WRITE, path, NULL, inode(fd), (uint64_t)at, data, (size_t)n, 0);
    pthread_mutex_unlock(&lock);
    return n;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return placed(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return placed(fd, data, size, at); }

static int shortened(int fd, off_t length) {
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return (int)syscall(SYS_ftruncate, fd, length);
    struct stat st;
    int error = fstat(fd, &st) == 0 && length > st.st_size ? trouble() : 0;
    if (error) return errno = error, -1;
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_ftruncate, fd, length);
    if (done == 0) note(TRUNCATE, path, NULL, inode(fd), (uint64_t)length, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int ftruncate(int fd, off_t length) { return shortened(fd, length); }
int ftruncate64(int fd, off64_t length) { return shortened(fd, length); }

static int synced(int fd, long call) {
    if (!root) return (int)syscall(call, fd);
    char path[PATH_MAX];
    if (!of_fd(fd, path)) return (int)syscall(call, fd);
    (void)trouble();
    pthread_mutex_lock(&lock);
    uint64_t begun = sequence;
    pthread_mutex_unlock(&lock);
    /* A disk that lies says yes and does nothing: the campaign shows by it that losses are seen. */
    if (getenv("CUT_LIE")) return 0;
    /* The page cache of this machine outlives the process: nothing is gained by waiting for the real disk. */
    pthread_mutex_lock(&lock);
    note(SYNC, path, NULL, inode(fd), 0, NULL, 0, begun);
    pthread_mutex_unlock(&lock);
    return 0;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int renamed(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    if (!resolve(from_dir, from, a) || !resolve(to_dir, to, b))
        return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    int error = trouble();
    if (error) return errno = error, -1;
    struct stat st = {0};
    pthread_mutex_lock(&lock);
    if (lstat(a, &st) != 0) st.st_ino = 0;
    int done = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (done == 0) note(RENAME, a, b, (uint64_t)st.st_ino, 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_dir, const char *from, int to_dir, const char *to) { return renamed(from_dir, from, to_dir, to, 0); }
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    return renamed(from_dir, from, to_dir, to, flags);
}

static int removed(int dir, const char *path, int flags) {
    char full[PATH_MAX];
    if (!resolve(dir, path, full)) return (int)syscall(SYS_unlinkat, dir, path, flags);
    int error = trouble();
    if (error && error != ENOSPC) return errno = error, -1;
    struct stat st = {0};
    pthread_mutex_lock(&lock);
    if (lstat(full, &st) != 0) st.st_ino = 0;
    int done = (int)syscall(SYS_unlinkat, dir, path, flags);
    if (done == 0) note(flags & AT_REMOVEDIR ? RMDIR : UNLINK, full, NULL, (uint64_t)st.st_ino, 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int unlink(const char *path) { return removed(AT_FDCWD, path, 0); }
int unlinkat(int dir, const char *path, int flags) { return removed(dir, path, flags); }
int rmdir(const char *path) { return removed(AT_FDCWD, path, AT_REMOVEDIR); }

static int made(int dir, const char *path, mode_t mode) {
    char full[PATH_MAX];
    if (!resolve(dir, path, full)) return (int)syscall(SYS_mkdirat, dir, path, mode);
    int error = trouble();
    if (error) return errno = error, -1;
    pthread_mutex_lock(&lock);
    int done = (int)syscall(SYS_mkdirat, dir, path, mode);
    struct stat st = {0};
    if (done == 0 && stat(full, &st) == 0) note(MKDIR, full, NULL, (uint64_t)st.st_ino, 0, NULL, 0, 0);
    pthread_mutex_unlock(&lock);
    return done;
}
int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int dir, const char *path, mode_t mode) { return made(dir, path, mode); }

/* Seconds the clock of the day is ahead. */
static long ahead(void) {
    static const char *file;
    if (!file && !(file = getenv("CUT_CLOCK"))) return 0;
    char text[32] = {0};
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    if (syscall(SYS_read, fd, text, sizeof text - 1) < 0) text[0] = 0;
    syscall(SYS_close, fd);
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int done = (int)syscall(SYS_clock_gettime, clock, now);
    if (done == 0 && clock == CLOCK_REALTIME) now->tv_sec += ahead();
    return done;
}
