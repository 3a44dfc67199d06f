/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "format/feature-cfg.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Takes comments and blanks away. A '#' is a comment at the start or behind a blank: names of files
 * may have one inside. */
static char *clean(char *line)
{
        char *end;

        for (char *p = line; *p; p++)
                if (*p == '#' && (p == line || isspace((unsigned char)p[-1]))) {
                        *p = 0;
                        break;
                }
        end = line + strlen(line);
        while (end > line && isspace((unsigned char)end[-1]))
                *--end = 0;
        while (isspace((unsigned char)*line))
                line++;
        return line;
}

/* "key : value" without the dash of a list; the value, NULL when it is no such line */
static char *split(char *line)
{
        char *colon = strchr(line, ':'), *end;

        if (!colon)
                return NULL;
        for (end = colon; end > line && isspace((unsigned char)end[-1]);)
                end--;
        *colon = 0;
        *end = 0;
        for (colon++; isspace((unsigned char)*colon);)
                colon++;
        return colon;
}

static void begin_region(char *out, size_t size, const char *key)
{
        size_t n = strlen(key) - strlen("_region");

        snprintf(out, size, "%.*s", (int)MIN(n, size - 1), key);
}

static bool is_region(const char *key)
{
        size_t n = strlen(key), m = strlen("_region");

        return n > m && strcmp(key + n - m, "_region") == 0;
}

static void add_file(
        FeatureCfg *c, const char *region, const char *file, unsigned line, Layout *problems)
{
        FeatureCfgFile *f;

        if (c->n_files == FEATURE_CFG_FILES || strlen(file) >= sizeof(f->file)) {
                layout_problem(problems, line, "too many files, or a name that is too long");
                return;
        }
        for (size_t i = 0; i < c->n_files; i++)
                if (strcmp(c->files[i].file, file) == 0 && strcmp(c->files[i].region, region) == 0)
                        layout_problem(problems, line, "%.80s stands here twice", file);
        f = &c->files[c->n_files++];
        f->line = line;
        snprintf(f->region, sizeof(f->region), "%s", region);
        snprintf(f->file, sizeof(f->file), "%s", file);
}

/* one file being read */
typedef struct Reader {
        FeatureCfg *cfg;
        char region[32];
        bool in_region, seen;
        unsigned line;
        Layout *problems;
} Reader;

static void read_line(Reader *r, char *line)
{
        bool indented = isspace((unsigned char)*line);
        char *key = clean(line), *value;

        if (*key == '-')
                key += 1 + strspn(key + 1, " \t");
        if (*key == 0)
                return;
        value = split(key);
        if (!value) {
                layout_problem(r->problems, r->line, "line is neither “key: value” nor a comment");
                return;
        }
        if (is_region(key)) {
                begin_region(r->region, sizeof(r->region), key);
                r->in_region = r->seen = true;
        } else if (!indented)
                r->in_region = false;
        else if (r->in_region && strcmp(key, "file") == 0 && *value)
                add_file(r->cfg, r->region, value, r->line, r->problems);
        else if (strcmp(key, "platform") == 0)
                snprintf(r->cfg->platform, sizeof(r->cfg->platform), "%s", value);
        r->cfg->flash_ids += strcmp(key, "flash_id") == 0;
}

int feature_cfg_read(const char *text, size_t size, FeatureCfg **ret, Layout *problems)
{
        _cleanup_free_ FeatureCfg *c = calloc(1, sizeof(*c));
        _cleanup_free_ char *copy = NULL;
        Reader r = { .cfg = c, .problems = problems };

        if (!c)
                return -ENOMEM;
        size = strnlen(text, MIN(size, (size_t)FEATURE_CFG_MAX));
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
                r.line++;
                read_line(&r, line);
        }
        if (!r.seen)
                return -ENOENT;
        *ret = TAKE_PTR(c);
        return 0;
}
