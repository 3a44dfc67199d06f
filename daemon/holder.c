/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd.h"
#include "daemon/text.h"

enum { NAME_SIZE = 16 }; /* as the kernel keeps it */

/* By file and not by name: a name may lead elsewhere in another process. */
static bool has_open(int process, const struct stat *node)
{
        _cleanup_closedir_ DIR *d = NULL;
        int fd = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent *entry;

        if (fd < 0)
                return false;
        d = fdopendir(fd);
        if (!d) {
                close(fd);
                return false;
        }
        while ((entry = readdir(d))) {
                struct stat st;

                if (isdigit((unsigned char)entry->d_name[0]) &&
                        fstatat(fd, entry->d_name, &st, 0) == 0 && st.st_dev == node->st_dev &&
                        st.st_ino == node->st_ino)
                        return true;
        }
        return false;
}

static void describe(int process, const char *number, char ret[static HOLDER_NAME_SIZE])
{
        _cleanup_close_ int fd = openat(process, "comm", O_RDONLY | O_CLOEXEC);
        char text[NAME_SIZE] = "", name[NAME_SIZE];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

        text[MAX(n, (ssize_t)0)] = 0;
        text[strcspn(text, "\n")] = 0;
        text_copy(name, sizeof name, text);
        snprintf(ret, HOLDER_NAME_SIZE, "%s (process %.20s)", name[0] ? name : "a program", number);
}

int holder_find(const char *node, char ret[static HOLDER_NAME_SIZE])
{
        _cleanup_closedir_ DIR *d = opendir("/proc");
        struct dirent *entry;
        struct stat st;

        ret[0] = 0;
        if (!d || stat(node, &st) < 0)
                return 0;
        while ((entry = readdir(d))) {
                _cleanup_close_ int process = -1;

                if (!isdigit((unsigned char)entry->d_name[0]) ||
                        strtol(entry->d_name, NULL, 10) == getpid())
                        continue;
                process = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (process < 0 || !has_open(process, &st))
                        continue;
                describe(process, entry->d_name, ret);
                return 1;
        }
        return 0;
}
