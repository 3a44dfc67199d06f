/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Values of a YAML tree: what is expected is said by the call, what is wrong by the message
 * (yaml-tree.h). */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "profile/yaml-tree.h"

/* "a, b and c" of what is not NULL */
static void join_names(const char *const *names, size_t n, char *out, size_t size)
{
        size_t used = 0, last = n;

        out[0] = '\0';
        while (last > 0 && !names[last - 1])
                last--;
        for (size_t i = 0; i < last && used < size; i++) {
                if (!names[i])
                        continue;
                const char *before = used == 0 ? "" : i == last - 1 ? " or " : ", ";
                int w = snprintf(out + used, size - used, "%s%s", before, names[i]);
                used += (size_t)MAX(w, 0);
        }
}

int yaml_map_check(const YamlTree *t, const YamlNode *n, const char *const *keys, Failure *f)
{
        char allowed[400];
        size_t n_keys = 0;

        while (keys[n_keys])
                n_keys++;
        join_names(keys, n_keys, allowed, sizeof(allowed));
        if (n->kind != YAML_MAP)
                return yaml_tree_error(t, n, f, "expected keys and values (%s)", allowed);
        for (const YamlNode *child = n->first; child; child = child->next) {
                size_t i = 0;
                while (i < n_keys && strcmp(keys[i], child->key) != 0)
                        i++;
                if (i < n_keys)
                        continue;
                YamlNode at = *child;
                at.line = child->key_line;
                at.column = child->key_column;
                return yaml_tree_error(t, &at, f, "unknown key, expected %s", allowed);
        }
        return 0;
}

static int need_text(const YamlTree *t, const YamlNode *n, const char *what, Failure *f)
{
        if (n->kind != YAML_TEXT || n->text[0] == '\0')
                return yaml_tree_error(t, n, f, "expected %s", what);
        return 0;
}

int yaml_get_text(const YamlTree *t, const YamlNode *n, size_t max, const char **ret, Failure *f)
{
        if (!n)
                return 0;
        int r = need_text(t, n, "a text", f);
        if (r < 0)
                return r;
        if (strlen(n->text) > max)
                return yaml_tree_error(t, n, f, "expected a text of at most %zu bytes", max);
        *ret = n->text;
        return 0;
}

int yaml_get_bool(const YamlTree *t, const YamlNode *n, bool *ret, Failure *f)
{
        static const char *const yes[] = { "true", "yes", "on" },
                                 *const no[] = { "false", "no", "off" };

        if (!n)
                return 0;
        int r = need_text(t, n, "true or false", f);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(yes); i++)
                if (strcasecmp(n->text, yes[i]) == 0 || strcasecmp(n->text, no[i]) == 0) {
                        *ret = strcasecmp(n->text, yes[i]) == 0;
                        return 0;
                }
        return yaml_tree_error(t, n, f, "expected true or false, not \"%s\"", n->text);
}

int yaml_get_number(
        const YamlTree *t, const YamlNode *n, uint64_t min, uint64_t max, uint64_t *ret, Failure *f)
{
        if (!n)
                return 0;
        int r = need_text(t, n, "a number", f);
        if (r < 0)
                return r;
        bool hex = strncasecmp(n->text, "0x", 2) == 0;
        const char *digits = n->text + (hex ? 2 : 0);
        size_t length = strspn(digits, hex ? "0123456789abcdefABCDEF" : "0123456789");
        errno = 0;
        unsigned long long value = strtoull(digits, NULL, hex ? 16 : 10);
        if (length == 0 || digits[length] != '\0' || errno != 0)
                return yaml_tree_error(t, n, f, "expected a number, not \"%s\"", n->text);
        if (value < min || value > max) {
                if (hex)
                        return yaml_tree_error(t, n, f,
                                "expected a number from 0x%" PRIx64 " to 0x%" PRIx64, min, max);
                return yaml_tree_error(
                        t, n, f, "expected a number from %" PRIu64 " to %" PRIu64, min, max);
        }
        *ret = value;
        return 0;
}

int yaml_get_name(const YamlTree *t, const YamlNode *n, const char *const *names, size_t n_names,
        int *ret, Failure *f)
{
        char allowed[300];

        if (!n)
                return 0;
        join_names(names, n_names, allowed, sizeof(allowed));
        int r = need_text(t, n, allowed, f);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_names; i++)
                if (names[i] && strcmp(names[i], n->text) == 0) {
                        *ret = (int)i;
                        return 0;
                }
        return yaml_tree_error(t, n, f, "expected %s, not \"%s\"", allowed, n->text);
}

int yaml_check_list(
        const YamlTree *t, const YamlNode *n, size_t max_items, size_t max_text, Failure *f)
{
        if (n->kind != YAML_LIST || n->n_children == 0)
                return yaml_tree_error(t, n, f, "expected a list of texts, as in [a, b]");
        if (n->n_children > max_items)
                return yaml_tree_error(t, n, f, "expected at most %zu entries", max_items);
        for (const YamlNode *item = n->first; item; item = item->next) {
                const char *text;
                int r = yaml_get_text(t, item, max_text, &text, f);
                if (r < 0)
                        return r;
        }
        return 0;
}
