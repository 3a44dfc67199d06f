/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "basic/fd.h"
#include "basic/log.h"
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
                /* a later version may have learned the chip, which is no reason not to start */
                if (r == -EEXIST) {
                        log_notice(
                                "chips: %s has no effect, this chip is known by now.", item->text);
                        continue;
                }
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

/* "20h", "7d": a whole number and its unit */
static int parse_time(const YamlTree *tree, const YamlNode *n, uint32_t max, const char *expected,
        PolicyTime *ret, Failure *f)
{
        static const struct {
                char unit;
                uint32_t seconds;
        } units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 24 * 3600 },
                { 'w', 7 * 24 * 3600 } };
        const char *text = NULL;
        size_t digits;
        int r = yaml_get_text(tree, n, 8, &text, f);

        if (r < 0 || !text)
                return r;
        digits = strspn(text, "0123456789");
        for (size_t i = 0; digits > 0 && i < ELEMENTS(units); i++) {
                unsigned long count = strtoul(text, NULL, 10);

                if (text[digits] != units[i].unit || text[digits + 1] ||
                        count > max / units[i].seconds)
                        continue;
                *ret = (PolicyTime){ true, (uint32_t)count * units[i].seconds };
                return 0;
        }
        return yaml_tree_error(tree, n, f, "expected %s, not \"%s\"", expected, text);
}

static int parse_auto_profile(
        const YamlTree *tree, const YamlNode *n, PolicyRules *rules, Failure *f)
{
        const char *name = NULL;
        int r = yaml_get_text(tree, n, PROFILE_NAME_MAX, &name, f);

        if (r < 0 || !name || strcmp(name, "by-chip") == 0)
                return r;
        if (!profile_name_valid(name))
                return yaml_tree_error(
                        tree, n, f, "expected by-chip or the name of a profile, not \"%s\"", name);
        snprintf(rules->profile, sizeof rules->profile, "%s", name);
        return 0;
}

static int parse_auto(const YamlTree *tree, const YamlNode *n, PolicyRules *rules, Failure *f)
{
        static const char *const keys[] = { "enabled", "profile", "minimum-interval",
                "known-phones-only", "hold-for-answer", NULL };
        bool enabled = false;
        int r = n ? yaml_map_check(tree, n, keys, f) : 0;

        if (r < 0 || !n)
                return r;
        r = yaml_get_bool(tree, yaml_map_get(n, "enabled"), &enabled, f);
        if (r == 0 && yaml_map_get(n, "enabled"))
                rules->enabled = enabled ? CHOICE_ON : CHOICE_OFF;
        if (r == 0)
                r = parse_auto_profile(tree, yaml_map_get(n, "profile"), rules, f);
        if (r == 0)
                r = parse_time(tree, yaml_map_get(n, "minimum-interval"), POLICY_INTERVAL_MAX,
                        "a time such as 90m, 20h, 7d or 2w of at most a year", &rules->interval, f);
        if (r == 0)
                r = parse_time(tree, yaml_map_get(n, "hold-for-answer"), POLICY_HOLD_MAX,
                        "a time such as 30s or 2m of at most ten minutes", &rules->hold, f);
        if (r == 0)
                r = yaml_get_bool(
                        tree, yaml_map_get(n, "known-phones-only"), &rules->known_only, f);
        return r;
}

static int parse_usb_ids(const YamlTree *tree, const YamlNode *n, Config *c, Failure *f)
{
        int r = n ? yaml_check_list(tree, n, USB_ID_EXTRA_MAX, USB_ID_TEXT_MAX, f) : 0;
        size_t i = 0;
        UsbId id;

        if (r < 0 || !n)
                return r;
        for (const YamlNode *item = n->first; item; item = item->next) {
                r = usb_id_extra_parse(item->text, &id);
                if (r == -ENOENT)
                        return yaml_tree_error(tree, item, f,
                                "expected preloader, brom or agent behind the =, not \"%s\"",
                                item->text);
                if (r < 0)
                        return yaml_tree_error(tree, item, f,
                                "expected something like 0e8d:2000=preloader, not \"%s\"",
                                item->text);
                snprintf(c->usb_ids[i++], sizeof c->usb_ids[0], "%s", item->text);
        }
        return 0;
}

int config_parse(const char *file, const char *text, size_t size, Config *ret, Failure *f)
{
        static const char *const keys[] = { "store", "cage", "chips", "usb-ids", "auto-backup",
                NULL };
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
        if (r == 0)
                r = parse_usb_ids(tree, yaml_map_get(yaml_tree_root(tree), "usb-ids"), &c, f);
        if (r == 0)
                r = parse_auto(
                        tree, yaml_map_get(yaml_tree_root(tree), "auto-backup"), &c.automatic, f);
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
