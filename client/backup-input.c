/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/backup-input.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/manifest.h"
#include "format/layout.h"

/* "latest" or the beginning of an id, which is a date, then a colon and a name */
bool backup_input_is(const char *word)
{
        const char *colon = strrchr(word, ':');
        size_t n = colon ? (size_t)(colon - word) : 0;

        if (n == 0 || !colon[1] || strchr(word, '/') || access(word, F_OK) == 0)
                return false;
        if (n == strlen("latest") && strncmp(word, "latest", n) == 0)
                return true;
        return n >= 4 && strspn(word, "0123456789") >= 4;
}

static int temporary_file(void)
{
        const char *folder = getenv("TMPDIR");
        int fd =
                open(folder && *folder ? folder : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

/* A region is exported as a whole. */
static const char *form_of(const char *part)
{
        StorageType storage;
        RegionKind kind;

        return region_from_name(part, &storage, &kind) == 0 ? "rom" : "raw";
}

static int fetch(sd_bus *bus, char *word, int fd)
{
        char *part = strrchr(word, ':');
        _cleanup_free_ char *id = NULL, *path = NULL;
        int r;

        *part++ = 0;
        r = backup_resolve(bus, word, &id);
        if (r)
                return r;
        path = bus_backup_path(id);
        if (!path)
                return error_errno(-ENOMEM, "cannot read the backup");
        return backup_export(bus, path, part, form_of(part), fd, part, 0);
}

int backup_input_open(const char *word, FileSource *ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_free_ char *copy = strdup(word);
        _cleanup_close_ int fd = temporary_file();
        int r;

        if (!copy)
                return error_errno(-ENOMEM, "cannot read the backup");
        if (fd < 0)
                return error_errno(fd, "cannot make a temporary file (TMPDIR says where)");
        r = bus_open_asking(&bus);
        if (r == 0)
                r = fetch(bus, copy, fd);
        if (r)
                return r;
        r = file_source_from(ret, TAKE_FD(fd));
        return r < 0 ? error_file(r, word) : 0;
}
