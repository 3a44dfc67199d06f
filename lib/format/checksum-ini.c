/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/checksum-ini.h"

#include <ctype.h>
#include <errno.h>

#include "basic/bytes.h"

ChecksumIni *checksum_ini_new(void)
{
        return calloc(1, sizeof(ChecksumIni));
}

ChecksumIni *checksum_ini_free(ChecksumIni *c)
{
        if (!c)
                return NULL;
        free(c->entries);
        free(c);
        return NULL;
}

const ChecksumEntry *checksum_ini_find(const ChecksumIni *c, const char *name)
{
        for (size_t i = 0; i < c->n_entries; i++)
                if (strcmp(c->entries[i].name, name) == 0)
                        return &c->entries[i];
        return NULL;
}

ChecksumEntry *checksum_ini_add(ChecksumIni *c, const char *name)
{
        const ChecksumEntry *old = checksum_ini_find(c, name);
        ChecksumEntry *bigger;
        size_t want;

        if (old)
                return &c->entries[old - c->entries];
        if (c->n_entries == CHECKSUM_ENTRIES_MAX || strlen(name) > LAYOUT_NAME_MAX)
                return NULL;
        if (c->n_entries == c->entries_size) {
                want = MAX(2 * c->entries_size, 32U);
                bigger = reallocarray(c->entries, want, sizeof(*bigger));
                if (!bigger)
                        return NULL;
                c->entries = bigger;
                c->entries_size = want;
        }
        c->entries[c->n_entries] = (ChecksumEntry){ 0 };
        strcpy(c->entries[c->n_entries].name, name);
        return &c->entries[c->n_entries++];
}

typedef enum Section {
        SECTION_NONE,
        SECTION_VERSION,
        SECTION_ENABLE,
        SECTION_SUMS,
        SECTION_MD5,
        _SECTION_MAX
} Section;

static const char *const section_names[_SECTION_MAX] = {
        [SECTION_NONE] = "",
        [SECTION_VERSION] = "VERSION",
        [SECTION_ENABLE] = "IsEnableChecksum",
        [SECTION_SUMS] = "CheckSum",
        [SECTION_MD5] = "CheckSum_V2",
};

/* one file being read */
typedef struct Reader {
        ChecksumIni *ini;
        Layout *problems;
        Section section;
        unsigned line;
        bool is_checksum_file;
} Reader;

#define complain(reader, ...)                                                                      \
        do {                                                                                       \
                if ((reader)->problems)                                                            \
                        layout_problem((reader)->problems, (reader)->line, __VA_ARGS__);           \
        } while (0)

static char *strip(char *text)
{
        char *end = text + strlen(text);

        while (end > text && isspace((unsigned char)end[-1]))
                *--end = 0;
        while (isspace((unsigned char)*text))
                text++;
        return text;
}

static void read_section(Reader *r, char *name)
{
        char *end = strchr(name, ']');

        if (end)
                *end = 0;
        else
                complain(r, "section name without a closing bracket");
        for (int i = SECTION_VERSION; i < _SECTION_MAX; i++)
                if (strcasecmp(name, section_names[i]) == 0) {
                        r->section = (Section)i;
                        r->is_checksum_file |= i != SECTION_VERSION;
                        return;
                }
        r->section = SECTION_NONE;
        complain(r, "unknown section [%s]", name);
}

static void read_sum(Reader *r, ChecksumEntry *e, const char *value)
{
        unsigned long sum;
        char *end;

        errno = 0;
        sum = strtoul(value, &end, 16);
        if (errno || end == value || *end || value[0] == '-' || sum > UINT16_MAX) {
                complain(r, "“%s” is no 16-bit sum", value);
                return;
        }
        if (e->has_sum)
                complain(r, "%s stands here twice", e->name);
        e->has_sum = true;
        e->sum = (uint16_t)sum;
}

static void read_md5(Reader *r, ChecksumEntry *e, const char *value)
{
        if (strncasecmp(value, "0x", 2) == 0)
                value += 2;
        if (hex_decode(value, e->md5, sizeof(e->md5)) < 0)
                complain(r, "“%s” is no MD5", value);
        else
                e->has_md5 = true;
}

static int read_entry(Reader *r, const char *key, const char *value)
{
        ChecksumEntry *e = checksum_ini_add(r->ini, key);

        if (!e && strlen(key) > LAYOUT_NAME_MAX) {
                complain(r, "name of a partition is too long");
                return 0;
        }
        if (!e)
                return r->ini->n_entries == CHECKSUM_ENTRIES_MAX ? -E2BIG : -ENOMEM;
        if (e->line == 0)
                e->line = r->line;
        if (r->section == SECTION_SUMS)
                read_sum(r, e, value);
        else
                read_md5(r, e, value);
        return 0;
}

static int read_pair(Reader *r, const char *key, const char *value)
{
        ChecksumIni *c = r->ini;

        switch (r->section) {
        case SECTION_VERSION:
                if (strcasecmp(key, "VERSION") == 0)
                        snprintf(c->version, sizeof(c->version), "%s", value);
                else if (strcasecmp(key, "TOOL") == 0)
                        snprintf(c->tool, sizeof(c->tool), "%s", value);
                else if (strcasecmp(key, "Change_ID") == 0)
                        c->change_id = strtoll(value, NULL, 10);
                return 0;
        case SECTION_ENABLE: c->enabled = strcmp(value, "0") != 0 && *value; return 0;
        case SECTION_SUMS:
        case SECTION_MD5: return read_entry(r, key, value);
        default: return 0;
        }
}

static int read_line(Reader *r, char *line)
{
        char *equals;

        line = strip(line);
        if (*line == 0 || *line == ';' || *line == '#')
                return 0;
        if (*line == '[') {
                read_section(r, line + 1);
                return 0;
        }
        equals = strchr(line, '=');
        if (!equals) {
                complain(r, "line is neither a section nor “key=value”");
                return 0;
        }
        *equals = 0;
        return read_pair(r, strip(line), strip(equals + 1));
}

int checksum_ini_read(const char *text, size_t size, ChecksumIni **ret, Layout *l)
{
        _cleanup_(checksum_ini_freep) ChecksumIni *c = checksum_ini_new();
        _cleanup_free_ char *copy = NULL;
        Reader reader = { .ini = c, .problems = l };
        int r;

        if (!c)
                return -ENOMEM;
        size = strnlen(text, MIN(size, CHECKSUM_FILE_MAX));
        if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
                text += 3;
                size -= 3;
        }
        copy = strndup(text, size);
        if (!copy)
                return -ENOMEM;
        for (char *line = copy, *next; line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = 0;
                reader.line++;
                r = read_line(&reader, line);
                if (r == -E2BIG) {
                        complain(&reader, "too many entries; the rest was not read");
                        break;
                }
                if (r < 0)
                        return r;
        }
        if (!reader.is_checksum_file)
                return -ENOENT;
        *ret = TAKE_PTR(c);
        return 0;
}

int checksum_ini_write(const ChecksumIni *c, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        bool md5 = false;

        if (!f)
                return -ENOMEM;
        fprintf(f, "[VERSION]\nVERSION=%s\nTOOL=%s\nChange_ID=%lld\n", c->version, c->tool,
                (long long)c->change_id);
        fprintf(f, "[IsEnableChecksum]\nCHECKSUM_SWITCH=%d\n[CheckSum]\n", c->enabled);
        for (size_t i = 0; i < c->n_entries; i++) {
                if (c->entries[i].has_sum)
                        fprintf(f, "%s=0x%X\n", c->entries[i].name, c->entries[i].sum);
                md5 |= c->entries[i].has_md5;
        }
        if (md5)
                fputs("[CheckSum_V2]\n", f);
        for (size_t i = 0; i < c->n_entries; i++) {
                char hex[33];

                if (!c->entries[i].has_md5)
                        continue;
                hex_encode(c->entries[i].md5, 16, hex);
                fprintf(f, "%s=%s\n", c->entries[i].name, hex);
        }
        if (ferror(f) | (fclose(f) != 0))
                return -ENOMEM;
        *ret = TAKE_PTR(text);
        return 0;
}
