/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/fd.h"

enum {
        CHECK_SIZE = 2 + 8, /* " #" and digits */
        PENDING_MAX = 256 * 1024,
};

static const char kind_letters[_CHUNK_KIND_MAX + 1] = "nrzh";

/* ---- writing ---- */

struct Journal {
        pthread_mutex_t lock; /* the session notes events while a checkpoint writes */
        int fd;
        bool failed;
        uint64_t written; /* bytes in the file */
        size_t used, size;
        char *pending;
};

int journal_create_at(int dir, const char *name, Journal **ret)
{
        _cleanup_(journal_freep) Journal *j = calloc(1, sizeof *j);

        if (!j)
                return -ENOMEM;
        pthread_mutex_init(&j->lock, NULL);
        j->fd = openat(
                dir, name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (j->fd < 0)
                return -errno;
        *ret = TAKE_PTR(j);
        return 0;
}

Journal *journal_free(Journal *j)
{
        if (!j)
                return NULL;
        pthread_mutex_destroy(&j->lock);
        fd_close(j->fd);
        free(j->pending);
        free(j);
        return NULL;
}

int journal_dup(const Journal *j)
{
        int fd = fcntl(j->fd, F_DUPFD_CLOEXEC, 3);

        return fd < 0 ? -errno : fd;
}

uint64_t journal_size(Journal *j)
{
        uint64_t size;

        pthread_mutex_lock(&j->lock);
        size = j->written;
        pthread_mutex_unlock(&j->lock);
        return size;
}

static void make_check(const char *line, size_t length, char out[CHECK_SIZE + 1])
{
        uint8_t sum[SHA256_SIZE];

        digest_of(DIGEST_SHA256, line, length, sum);
        memcpy(out, " #", 2);
        hex_encode(sum, 4, out + 2);
}

static bool is_word(const char *text)
{
        for (const char *p = text; *p; p++)
                if (*p <= ' ' || *p == 0x7f)
                        return false;
        return *text;
}

/* Events and errors come from everywhere; in the journal they are one line of printable text. */
static void put_text(char *out, const char *text)
{
        size_t n = 0;

        for (; text[n] && n < JOURNAL_TEXT_MAX - 1; n++)
                out[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? ' ' : text[n];
        out[n] = 0;
}

static int format(const JournalEntry *e, char line[JOURNAL_LINE_MAX])
{
        char hex[SHA256_HEX], text[JOURNAL_TEXT_MAX];

        if (e->type != 'E' && !part_file_valid(e->part))
                return -EINVAL;
        put_text(text, e->text);
        switch (e->type) {
        case 'C':
                if ((unsigned)e->kind >= _CHUNK_KIND_MAX || e->length == 0 ||
                        e->length > CHUNK_SIZE)
                        return -EINVAL;
                hex_encode(e->hash.bytes, SHA256_SIZE, hex);
                return snprintf(line, JOURNAL_LINE_MAX, "C %s %" PRIu64 " %" PRIu64 " %s %c",
                        e->part, e->chunk, e->length, hex, kind_letters[e->kind]);
        case 'B':
                if (!strchr("-*/?", e->letter) || !e->letter)
                        return -EINVAL;
                return snprintf(line, JOURNAL_LINE_MAX, "B %s %" PRIu64 " %" PRIu64 " %c %u %s",
                        e->part, e->offset, e->size, e->letter, e->tries, text);
        case 'E':
                if (!is_word(e->word) || e->time < 0)
                        return -EINVAL;
                return snprintf(
                        line, JOURNAL_LINE_MAX, "E %" PRId64 " %s %s", e->time, e->word, text);
        }
        return -EINVAL;
}

static int append(Journal *j, const char *line, size_t length)
{
        if (j->used + length > j->size) {
                size_t size = MAX(2 * j->size, (size_t)4096);
                char *bigger;

                if (size > PENDING_MAX)
                        return -ENOBUFS;
                bigger = realloc(j->pending, size);
                if (!bigger)
                        return -ENOMEM;
                j->pending = bigger;
                j->size = size;
        }
        memcpy(j->pending + j->used, line, length);
        j->used += length;
        return 0;
}

int journal_add(Journal *j, const JournalEntry *e)
{
        char line[JOURNAL_LINE_MAX + CHECK_SIZE + 2];
        size_t length;
        int n;

        n = format(e, line);
        if (n < 0 || n >= JOURNAL_LINE_MAX)
                return -EINVAL;
        make_check(line, (size_t)n, line + n);
        length = (size_t)n + CHECK_SIZE;
        line[length++] = '\n';
        pthread_mutex_lock(&j->lock);
        n = append(j, line, length);
        pthread_mutex_unlock(&j->lock);
        return n;
}

static int flush(Journal *j)
{
        int r;

        if (j->failed)
                return -EIO;
        if (j->used == 0)
                return 0;
        r = fd_write_full(j->fd, j->pending, j->used);
        if (r == 0 && fdatasync(j->fd) < 0)
                r = -errno;
        /* a line half written, or pages the kernel has given up: nothing can follow safely */
        if (r < 0)
                j->failed = true;
        else
                j->written += j->used;
        j->used = 0;
        return r;
}

int journal_flush(Journal *j)
{
        int r;

        pthread_mutex_lock(&j->lock);
        r = flush(j);
        pthread_mutex_unlock(&j->lock);
        return r;
}

/* ---- reading ---- */

struct JournalReader {
        int fd;
        uint64_t valid;    /* end of the last good line in the file */
        uint64_t position; /* of the file, behind the buffer */
        size_t used, at;
        bool stopped;
        char buffer[16 * 1024];
};

_Static_assert(JOURNAL_LINE_MAX + CHECK_SIZE + 2 < sizeof(((JournalReader *)NULL)->buffer) / 2,
        "a line fits");

int journal_open(int fd, JournalReader **ret)
{
        JournalReader *r = calloc(1, sizeof *r);

        if (!r)
                return -ENOMEM;
        r->fd = fd;
        *ret = r;
        return 0;
}

JournalReader *journal_reader_free(JournalReader *r)
{
        free(r);
        return NULL;
}

uint64_t journal_valid(const JournalReader *r)
{
        return r->valid;
}

static int refill(JournalReader *r)
{
        ssize_t n;

        memmove(r->buffer, r->buffer + r->at, r->used - r->at);
        r->used -= r->at;
        r->at = 0;
        do
                n = pread(
                        r->fd, r->buffer + r->used, sizeof r->buffer - r->used, (off_t)r->position);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        r->used += (size_t)n;
        r->position += (uint64_t)n;
        return n > 0;
}

/* The next whole line, without its end; NULL at the end of the file or when none fits. */
static int next_line(JournalReader *r, char **ret, size_t *ret_length)
{
        for (;;) {
                char *start = r->buffer + r->at;
                char *end = memchr(start, '\n', r->used - r->at);
                int n;

                if (end) {
                        *ret = start;
                        *ret_length = (size_t)(end - start);
                        r->at += *ret_length + 1;
                        return 1;
                }
                if (r->used - r->at >= JOURNAL_LINE_MAX + CHECK_SIZE + 1)
                        return 0;
                n = refill(r);
                if (n <= 0)
                        return n;
        }
}

/* Checks a line and cuts its check off. */
static bool check_line(char *line, size_t length)
{
        char check[CHECK_SIZE + 1];

        if (length < CHECK_SIZE || length > JOURNAL_LINE_MAX + CHECK_SIZE ||
                memchr(line, 0, length))
                return false;
        length -= CHECK_SIZE;
        make_check(line, length, check);
        if (memcmp(line + length, check, CHECK_SIZE) != 0)
                return false;
        line[length] = 0;
        return true;
}

/* The next word of a line; NULL when there is none. */
static char *word(char **line)
{
        char *start = *line, *end;

        if (!start || !*start)
                return NULL;
        end = strchr(start, ' ');
        if (end)
                *end++ = 0;
        *line = end ? end : start + strlen(start);
        return *start ? start : NULL;
}

static bool number(char **line, uint64_t max, uint64_t *ret)
{
        char *text = word(line), *end;

        if (!text || text[0] < '0' || text[0] > '9')
                return false;
        errno = 0;
        *ret = strtoull(text, &end, 10);
        return errno == 0 && !*end && *ret <= max;
}

static bool copy_text(char *out, size_t size, const char *text)
{
        size_t length = text ? strlen(text) : 0;

        if (length >= size)
                return false;
        memcpy(out, text ? text : "", length);
        out[length] = 0;
        return true;
}

static bool parse_part(JournalEntry *e, char **line)
{
        char *part = word(line);

        return part && part_file_valid(part) && copy_text(e->part, sizeof e->part, part);
}

static bool parse_chunk(JournalEntry *e, char *line)
{
        char *hash, *kind, *letter;

        if (!parse_part(e, &line) || !number(&line, UINT64_MAX / CHUNK_SIZE, &e->chunk) ||
                !number(&line, CHUNK_SIZE, &e->length) || e->length == 0)
                return false;
        hash = word(&line);
        kind = word(&line);
        if (!hash || !kind || strlen(hash) != 2 * SHA256_SIZE || strlen(kind) != 1 || *line ||
                hex_decode(hash, e->hash.bytes, SHA256_SIZE) < 0)
                return false;
        letter = strchr(kind_letters, kind[0]);
        if (!letter)
                return false;
        e->kind = (ChunkKind)(letter - kind_letters);
        return true;
}

static bool parse_bad(JournalEntry *e, char *line)
{
        uint64_t tries;
        char *letter;

        if (!parse_part(e, &line) || !number(&line, UINT64_MAX, &e->offset) ||
                !number(&line, UINT64_MAX, &e->size))
                return false;
        letter = word(&line);
        if (!letter || strlen(letter) != 1 || !strchr("-*/?", letter[0]) ||
                !number(&line, UINT32_MAX, &tries))
                return false;
        e->letter = letter[0];
        e->tries = (unsigned)tries;
        return copy_text(e->text, sizeof e->text, line);
}

static bool parse_event(JournalEntry *e, char *line)
{
        uint64_t time;

        if (!number(&line, INT64_MAX, &time) || !copy_text(e->word, sizeof e->word, word(&line)) ||
                !e->word[0])
                return false;
        e->time = (int64_t)time;
        return copy_text(e->text, sizeof e->text, line);
}

static bool parse(JournalEntry *e, char *line)
{
        *e = (JournalEntry){ .type = line[0] };
        if (!line[0] || line[1] != ' ')
                return false;
        switch (e->type) {
        case 'C': return parse_chunk(e, line + 2);
        case 'B': return parse_bad(e, line + 2);
        case 'E': return parse_event(e, line + 2);
        }
        return false;
}

int journal_next(JournalReader *r, JournalEntry *ret)
{
        size_t length;
        char *line;
        int n;

        if (r->stopped)
                return 0;
        n = next_line(r, &line, &length);
        if (n < 0)
                return n;
        if (n == 0 || !check_line(line, length) || !parse(ret, line)) {
                r->stopped = true;
                return 0;
        }
        r->valid += length + 1;
        return 1;
}
