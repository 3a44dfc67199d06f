/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/sums.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "basic/fd.h"

void sums_done(Sums *s)
{
        free(s->files);
        *s = (Sums){};
}

int sums_add(Sums *s, const char *path, const uint8_t sha256[SHA256_SIZE])
{
        if (strlen(path) >= SUMS_PATH_MAX)
                return -ENAMETOOLONG;
        if (s->n == SUMS_FILES_MAX)
                return -E2BIG;
        if (s->n == s->size) {
                size_t size = MAX(2 * s->size, (size_t)64);
                Sum *bigger = realloc(s->files, size * sizeof *bigger);

                if (!bigger)
                        return -ENOMEM;
                s->files = bigger;
                s->size = size;
        }
        strcpy(s->files[s->n].path, path);
        memcpy(s->files[s->n].sha256, sha256, SHA256_SIZE);
        s->n++;
        return 0;
}

static int compare(const void *a, const void *b)
{
        return strcmp(((const Sum *)a)->path, ((const Sum *)b)->path);
}

int sums_write(Sums *s, char **ret, size_t *ret_size)
{
        char hex[SHA256_HEX], *text = NULL;
        size_t size = 0;
        FILE *out;

        if (s->n > 1)
                qsort(s->files, s->n, sizeof *s->files, compare);
        out = open_memstream(&text, &size);
        if (!out)
                return -ENOMEM;
        for (size_t i = 0; i < s->n; i++) {
                hex_encode(s->files[i].sha256, SHA256_SIZE, hex);
                fprintf(out, "%s  %s\n", hex, s->files[i].path);
        }
        if (fclose(out) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        *ret_size = size;
        return 0;
}

/* What our own names consist of, without leaving the folder. */
static bool path_valid(const char *path)
{
        if (path[0] == '/' || path[0] == '.' || strstr(path, "/.") || strstr(path, "//"))
                return false;
        for (const char *p = path; *p; p++)
                if (*p <= ' ' || *p == '\\' || *p == 0x7f)
                        return false;
        return path[0] && path[strlen(path) - 1] != '/';
}

static int parse_line(const char *line, size_t length, Sums *s)
{
        uint8_t sha256[SHA256_SIZE];
        char hex[SHA256_HEX], again[SHA256_HEX], path[SUMS_PATH_MAX];

        if (length < 64 + 2 + 1 || length - 66 >= sizeof path || memcmp(line + 64, "  ", 2) != 0 ||
                memchr(line, 0, length))
                return -EBADMSG;
        snprintf(hex, sizeof hex, "%.64s", line);
        snprintf(path, sizeof path, "%.*s", (int)(length - 66), line + 66);
        if (hex_decode(hex, sha256, SHA256_SIZE) < 0 || !path_valid(path))
                return -EBADMSG;
        hex_encode(sha256, SHA256_SIZE, again);
        if (strcmp(hex, again) != 0 || (s->n > 0 && strcmp(s->files[s->n - 1].path, path) >= 0))
                return -EBADMSG;
        return sums_add(s, path, sha256);
}

int sums_parse(const char *text, size_t size, Sums *ret)
{
        _cleanup_sums_ Sums s = {};

        while (size > 0) {
                const char *end = memchr(text, '\n', size);
                int r;

                if (!end)
                        return -EBADMSG;
                r = parse_line(text, (size_t)(end - text), &s);
                if (r < 0)
                        return r == -E2BIG ? -EBADMSG : r;
                size -= (size_t)(end + 1 - text);
                text = end + 1;
        }
        *ret = s;
        s = (Sums){};
        return 0;
}

const Sum *sums_find(const Sums *s, const char *path)
{
        Sum key;

        if (strlen(path) >= sizeof key.path)
                return NULL;
        strcpy(key.path, path);
        return s->n > 0 ? bsearch(&key, s->files, s->n, sizeof *s->files, compare) : NULL;
}

int sums_of_file(int dir, const char *path, uint8_t ret[SHA256_SIZE])
{
        _cleanup_(digest_freep) Digest *d = NULL;
        _cleanup_close_ int fd = -1;
        uint8_t buffer[64 * 1024];
        struct stat st;
        int r;

        r = digest_new(DIGEST_SHA256, &d);
        if (r < 0)
                return r;
        fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EBADMSG;
        for (;;) {
                ssize_t n = read(fd, buffer, sizeof buffer);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                digest_add(d, buffer, (size_t)n);
        }
        digest_finish(d, ret);
        return 0;
}
