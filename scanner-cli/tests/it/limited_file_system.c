/* For tests: a file system without some abilities, by replacing functions of the C library. LIMITS names what is missing:
   `locks`, `posix-locks` (flock still works), `shared-memory`; ERRNO is the error they give. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static int misses(const char *what) {
    const char *limits = getenv("LIMITS");
    if (limits == NULL || strcmp(limits, what) != 0) return 0;
    const char *number = getenv("ERRNO");
    errno = number == NULL ? ENOLCK : atoi(number);
    return 1;
}

static int locked(int fd, int command, void *argument) {
    int locks = command == F_SETLK || command == F_SETLKW || command == F_GETLK || command == F_OFD_SETLK;
    if (locks && (misses("locks") || misses("posix-locks"))) return -1;
    return (int)syscall(SYS_fcntl, fd, command, argument);
}

int fcntl(int fd, int command, ...) {
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return locked(fd, command, argument);
}

int fcntl64(int fd, int command, ...) {
    va_list list;
    va_start(list, command);
    void *argument = va_arg(list, void *);
    va_end(list);
    return locked(fd, command, argument);
}

int flock(int fd, int operation) {
    if (misses("locks")) return -1;
    return (int)syscall(SYS_flock, fd, operation);
}

static int is_shared_memory(int fd) {
    char link[64], name[PATH_MAX];
    if (fd < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    return length > 4 && strncmp(name + length - 4, "-shm", 4) == 0;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    if (is_shared_memory(fd) && misses("shared-memory")) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int fd, off64_t offset) {
    return mmap(address, length, protection, flags, fd, (off_t)offset);
}
