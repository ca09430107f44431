/* Loaded into a program with LD_PRELOAD: logs what it does to the files of one folder, in order.
 *
 * WRITE_LOG_FOLDER is the folder, WRITE_LOG the file of the log. A record is the operation (one letter), the
 * length of the path (u32) and the path, then offset (u64), length (u64) and, for a write, the bytes:
 * W write, T truncate (offset is the new length), S sync, U unlink. Only what SQLite calls is here.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *);

__attribute__((constructor)) static void find_real(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    const char *path = getenv("WRITE_LOG");
    if (path != NULL) log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_ours(const char *path) {
    const char *folder = getenv("WRITE_LOG_FOLDER");
    return log_fd >= 0 && folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int path_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_ours(path);
}

static void note(char what, const char *path, uint64_t offset, uint64_t length, const void *bytes) {
    uint32_t path_length = (uint32_t)strlen(path);
    struct iovec parts[] = {
        {&what, 1}, {&path_length, 4}, {(void *)path, path_length}, {&offset, 8}, {&length, 8},
        {(void *)bytes, bytes == NULL ? 0 : length},
    };
    if (writev(log_fd, parts, 6) < 0) abort();
}

/* The operation and its record are one step, so that the log has the order in which things happened. */

ssize_t write(int fd, const void *bytes, size_t length) {
    char path[4096];
    if (fd == log_fd || !path_of(fd, path, sizeof path)) return real_write(fd, bytes, length);
    pthread_mutex_lock(&turn);
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (fcntl(fd, F_GETFL) & O_APPEND) at = lseek(fd, 0, SEEK_END);
    ssize_t done = real_write(fd, bytes, length);
    if (done > 0) note('W', path, (uint64_t)at, (uint64_t)done, bytes);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off_t at) {
    char path[4096];
    if (!path_of(fd, path, sizeof path)) return real_pwrite(fd, bytes, length, at);
    pthread_mutex_lock(&turn);
    ssize_t done = real_pwrite(fd, bytes, length, at);
    if (done > 0) note('W', path, (uint64_t)at, (uint64_t)done, bytes);
    pthread_mutex_unlock(&turn);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return pwrite64(fd, bytes, length, at);
}

static int truncate_file(int fd, off_t length) {
    char path[4096];
    if (!path_of(fd, path, sizeof path)) return real_ftruncate(fd, length);
    pthread_mutex_lock(&turn);
    int result = real_ftruncate(fd, length);
    if (result == 0) note('T', path, (uint64_t)length, 0, NULL);
    pthread_mutex_unlock(&turn);
    return result;
}

int ftruncate64(int fd, off_t length) { return truncate_file(fd, length); }
int ftruncate(int fd, off_t length) { return truncate_file(fd, length); }

static int sync_file(int fd, int (*real)(int)) {
    char path[4096];
    if (!path_of(fd, path, sizeof path)) return real(fd);
    pthread_mutex_lock(&turn);
    int result = real(fd);
    if (result == 0) note('S', path, 0, 0, NULL);
    pthread_mutex_unlock(&turn);
    return result;
}

int fsync(int fd) { return sync_file(fd, real_fsync); }
int fdatasync(int fd) { return sync_file(fd, real_fdatasync); }

int unlink(const char *path) {
    if (!is_ours(path)) return real_unlink(path);
    pthread_mutex_lock(&turn);
    int result = real_unlink(path);
    if (result == 0) note('U', path, 0, 0, NULL);
    pthread_mutex_unlock(&turn);
    return result;
}
