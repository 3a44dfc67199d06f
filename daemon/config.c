/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "basic/fd.h"
#include "profile/yaml-tree.h"

void config_done(Config *c)
{
        free(c->store);
        *c = (Config){ 0 };
}

static int parse_store(const YamlTree *tree, const YamlNode *n, Config *c, Failure *f)
{
        const char *path = NULL;
        int r = yaml_get_text(tree, n, PATH_MAX - 1, &path, f);

        if (r < 0 || !path)
                return r;
        if (path[0] != '/')
                return yaml_tree_error(tree, n, f, "expected an absolute path, not \"%s\"", path);
        c->store = strdup(path);
        return c->store ? 0 : -ENOMEM;
}

static int parse_cage(const YamlTree *tree, const YamlNode *n, Config *c, Failure *f)
{
        static const char *const names[] = { "required", "optional" };
        int value = 0, r = yaml_get_name(tree, n, names, ELEMENTS(names), &value, f);

        c->cage_optional = value == 1;
        return r;
}

static int parse_chips(const YamlTree *tree, const YamlNode *n, Config *c, Failure *f)
{
        int r = n ? yaml_check_list(tree, n, CHIP_EXTRA_MAX, CHIP_EXTRA_TEXT_MAX, f) : 0;
        size_t i = 0;
        Chip chip;

        if (r < 0 || !n)
                return r;
        for (const YamlNode *item = n->first; item; item = item->next) {
                r = chip_extra_parse(item->text, &chip);
                if (r == -EEXIST)
                        return yaml_tree_error(tree, item, f,
                                "expected a new hardware code, \"%s\" is known", item->text);
                if (r == -ENOENT)
                        return yaml_tree_error(tree, item, f,
                                "expected the name of a known chip behind the =, not \"%s\"",
                                item->text);
                if (r < 0)
                        return yaml_tree_error(tree, item, f,
                                "expected something like 0x1234=MT6765, not \"%s\"", item->text);
                snprintf(c->chips[i++], sizeof c->chips[0], "%s", item->text);
        }
        return 0;
}

int config_parse(const char *file, const char *text, size_t size, Config *ret, Failure *f)
{
        static const char *const keys[] = { "store", "cage", "chips", NULL };
        _cleanup_(yaml_tree_freep) YamlTree *tree = NULL;
        _cleanup_(config_done) Config c = { 0 };
        int r = yaml_tree_parse(file, text, size, CONFIG_SIZE_MAX, ERROR_INVALID_FILE, &tree, f);

        if (r < 0)
                return r;
        r = yaml_map_check(tree, yaml_tree_root(tree), keys, f);
        if (r == 0)
                r = parse_store(tree, yaml_map_get(yaml_tree_root(tree), "store"), &c, f);
        if (r == 0)
                r = parse_cage(tree, yaml_map_get(yaml_tree_root(tree), "cage"), &c, f);
        if (r == 0)
                r = parse_chips(tree, yaml_map_get(yaml_tree_root(tree), "chips"), &c, f);
        if (r < 0)
                return r;
        *ret = c;
        c = (Config){ 0 };
        return 0;
}

int config_load(const char *path, Config *ret, Failure *f)
{
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = file_read_at(AT_FDCWD, path, CONFIG_SIZE_MAX, &text, &size);

        if (r < 0 && r != -ENOENT)
                return failure_set(
                        f, r, ERROR_INVALID_FILE, "%s cannot be read: %s.", path, strerror(-r));
        return config_parse(path, text ?: "", size, ret, f);
}
