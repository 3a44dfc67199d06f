/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profile/profile.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/digest.h"
#include "basic/table.h"
#include "format/layout.h"
#include "profile/chip.h"
#include "profile/yaml-tree.h"

static const char *const kind_names[_PROFILE_KIND_MAX] = {
        [PROFILE_FULL] = "full",
        [PROFILE_CRITICAL] = "critical",
        [PROFILE_SELECTION] = "selection",
};
DEFINE_TABLE(profile_kind, ProfileKind, kind_names)

static char **list_free(char **list)
{
        for (char **item = list; item && *item; item++)
                free(*item);
        free(list);
        return NULL;
}

Profile *profile_free(Profile *p)
{
        if (!p)
                return NULL;
        list_free(p->areas);
        list_free(p->partitions);
        list_free(p->exclude);
        free(p);
        return NULL;
}

bool profile_name_valid(const char *name)
{
        size_t n = strlen(name);

        if (n == 0 || n > PROFILE_NAME_MAX || name[0] == '.')
                return false;
        for (size_t i = 0; i < n; i++)
                if (!isascii(name[i]) ||
                        (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i])))
                        return false;
        return true;
}

bool profile_matches(const Profile *p, uint16_t hw_code)
{
        const Chip *chip = chip_by_code(hw_code);

        return p->match_any || p->hw_code == hw_code ||
                (p->by_name && chip && chip_has_name(chip, p->chip));
}

/* ---- parsing ---- */

typedef struct Parser {
        const YamlTree *tree;
        Profile *profile;
        Failure *failure;
} Parser;

/* Globs go through messages as comma lists and are compared with partition names. */
static bool is_plain(const char *text)
{
        for (; *text; text++)
                if (!isascii(*text) || !isgraph((unsigned char)*text) || strchr(",/\\", *text))
                        return false;
        return true;
}

/* NULL when there is no such key. */
static int parse_list(Parser *in, const YamlNode *n, char ***ret)
{
        size_t i = 0, total = 0;

        if (!n)
                return 0;
        int r = yaml_check_list(in->tree, n, PROFILE_LIST_MAX, PROFILE_GLOB_MAX - 1, in->failure);
        if (r < 0)
                return r;
        char **list = *ret = calloc(n->n_children + 1, sizeof(char *));
        if (!list)
                return -ENOMEM;
        for (const YamlNode *item = n->first; item; item = item->next) {
                if (!is_plain(item->text))
                        return yaml_tree_error(in->tree, item, in->failure,
                                "expected a name or pattern without blanks and commas, not \"%s\"",
                                item->text);
                total += strlen(item->text) + 1;
                if (total > PROFILE_LIST_SIZE_MAX)
                        return yaml_tree_error(in->tree, item, in->failure,
                                "expected a list of at most %d bytes", PROFILE_LIST_SIZE_MAX);
                list[i] = strdup(item->text);
                if (!list[i++])
                        return -ENOMEM;
        }
        return 0;
}

static int parse_match(Parser *in, const YamlNode *n)
{
        static const char *const keys[] = { "chip", "hw_code", NULL };
        Profile *p = in->profile;
        const char *name = NULL;
        uint64_t code = 0;

        p->match_any = true;
        if (!n)
                return 0;
        int r = yaml_map_check(in->tree, n, keys, in->failure);
        if (r < 0)
                return r;
        const YamlNode *by_chip = yaml_map_get(n, "chip"), *by_code = yaml_map_get(n, "hw_code");
        if (by_chip && by_code)
                return yaml_tree_error(in->tree, by_code, in->failure,
                        "expected either chip or hw_code, not both");
        r = yaml_get_text(in->tree, by_chip, sizeof(p->chip) - 1, &name, in->failure);
        if (r == 0)
                r = yaml_get_number(in->tree, by_code, 1, UINT16_MAX, &code, in->failure);
        if (r < 0)
                return r;

        const Chip *chip = name ? chip_by_name(name) : chip_by_code((uint16_t)code);
        if (name && !chip)
                return yaml_tree_error(in->tree, by_chip, in->failure,
                        "expected the name of a known chip such as MT6765, not \"%s\"", name);
        p->match_any = !name && !by_code;
        p->by_name = name;
        p->hw_code = name ? chip->hw_code : (uint16_t)code;
        snprintf(p->chip, sizeof(p->chip), "%s", name ?: chip && !p->match_any ? chip->name : "");
        return 0;
}

static int parse_areas(Parser *in, const YamlNode *n)
{
        RegionKind ignored;

        int r = parse_list(in, n, &in->profile->areas);
        if (r < 0 || !n)
                return r;
        for (const YamlNode *item = n->first; item; item = item->next)
                if (region_from_area(item->text, &ignored) < 0)
                        return yaml_tree_error(in->tree, item, in->failure,
                                "expected BOOT1, BOOT2, USER, GP1 to GP4, RPMB or LU0 to LU2, not "
                                "\"%s\"",
                                item->text);
        return 0;
}

/* What does not go together: a kind promises something that a list must not take back. */
static int check_kind(Parser *in, const YamlNode *n)
{
        const Profile *p = in->profile;
        const YamlNode *areas = yaml_map_get(n, "areas"), *exclude = yaml_map_get(n, "exclude");
        const YamlNode *partitions = yaml_map_get(n, "partitions");

        if (p->kind == PROFILE_CRITICAL && (areas || partitions || exclude))
                return yaml_tree_error(in->tree, areas ?: partitions ?: exclude, in->failure,
                        "kind critical is a fixed set; use kind: selection to choose");
        if (p->kind == PROFILE_SELECTION && !partitions && !areas)
                return yaml_tree_error(
                        in->tree, n, in->failure, "kind selection: expected partitions or areas");
        if (p->kind == PROFILE_FULL && partitions &&
                (partitions->n_children != 1 || strcmp(partitions->first->text, "*") != 0))
                return yaml_tree_error(in->tree, partitions, in->failure,
                        "kind full reads every partition; use kind: selection, or exclude");
        return 0;
}

static int parse_read(Parser *in, const YamlNode *n)
{
        static const char *const keys[] = { "kind", "areas", "partitions", "exclude", NULL };
        Profile *p = in->profile;
        int kind = PROFILE_FULL;

        if (!n)
                return 0;
        int r = yaml_map_check(in->tree, n, keys, in->failure);
        if (r < 0)
                return r;
        if (yaml_map_get(n, "partitions"))
                kind = PROFILE_SELECTION;
        r = yaml_get_name(in->tree, yaml_map_get(n, "kind"), kind_names, _PROFILE_KIND_MAX, &kind,
                in->failure);
        p->kind = (ProfileKind)kind;
        if (r == 0)
                r = parse_areas(in, yaml_map_get(n, "areas"));
        if (r == 0)
                r = parse_list(in, yaml_map_get(n, "partitions"), &p->partitions);
        if (r == 0)
                r = parse_list(in, yaml_map_get(n, "exclude"), &p->exclude);
        return r < 0 ? r : check_kind(in, n);
}

static int parse_after(Parser *in, const YamlNode *n)
{
        static const char *const keys[] = { "verify", "phone", NULL };
        static const char *const actions[] = { "reboot", "off" };
        int action = 0;

        in->profile->verify = true;
        if (!n)
                return 0;
        int r = yaml_map_check(in->tree, n, keys, in->failure);
        if (r == 0)
                r = yaml_get_bool(
                        in->tree, yaml_map_get(n, "verify"), &in->profile->verify, in->failure);
        if (r == 0)
                r = yaml_get_name(in->tree, yaml_map_get(n, "phone"), actions, ELEMENTS(actions),
                        &action, in->failure);
        in->profile->power_off = action == 1;
        return r;
}

static int parse_top(Parser *in, const YamlNode *root)
{
        static const char *const keys[] = { "title", "match", "agent", "preloader", "read", "after",
                NULL };
        Profile *p = in->profile;
        const char *title = p->name, *agent = "auto", *preloader = "auto";

        int r = yaml_map_check(in->tree, root, keys, in->failure);
        if (r == 0)
                r = yaml_get_text(in->tree, yaml_map_get(root, "title"), sizeof(p->title) - 1,
                        &title, in->failure);
        if (r == 0)
                r = yaml_get_text(in->tree, yaml_map_get(root, "agent"), sizeof(p->agent) - 1,
                        &agent, in->failure);
        if (r < 0)
                return r;
        if (!is_plain(agent))
                return yaml_tree_error(in->tree, yaml_map_get(root, "agent"), in->failure,
                        "expected auto or a pattern for names of imported agents, not \"%s\"",
                        agent);
        snprintf(p->title, sizeof(p->title), "%s", title);
        snprintf(p->agent, sizeof(p->agent), "%s", agent);
        r = yaml_get_text(in->tree, yaml_map_get(root, "preloader"), sizeof(p->preloader) - 1,
                &preloader, in->failure);
        if (r < 0)
                return r;
        if (!is_plain(preloader))
                return yaml_tree_error(in->tree, yaml_map_get(root, "preloader"), in->failure,
                        "expected auto or a pattern for names of imported preloaders, not \"%s\"",
                        preloader);
        snprintf(p->preloader, sizeof(p->preloader), "%s", preloader);
        r = parse_match(in, yaml_map_get(root, "match"));
        if (r == 0)
                r = parse_read(in, yaml_map_get(root, "read"));
        return r < 0 ? r : parse_after(in, yaml_map_get(root, "after"));
}

int profile_parse(const char *name, const char *file, const char *text, size_t size, Profile **ret,
        Failure *f)
{
        _cleanup_(yaml_tree_freep) YamlTree *tree = NULL;
        _cleanup_(profile_freep) Profile *p = NULL;
        uint8_t sum[SHA256_SIZE];

        if (!profile_name_valid(name))
                return failure_set(f, -EINVAL, ERROR_INVALID_PROFILE,
                        "%s: a profile's name consists of letters, digits, '.', '_' and '-'", file);
        int r = yaml_tree_parse(
                file, text, size, PROFILE_SIZE_MAX, ERROR_INVALID_PROFILE, &tree, f);
        if (r < 0)
                return r;
        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;
        snprintf(p->name, sizeof(p->name), "%s", name);
        r = parse_top(&(Parser){ tree, p, f }, yaml_tree_root(tree));
        if (r < 0)
                return r;
        digest_of(DIGEST_SHA256, text, size, sum);
        hex_encode(sum, sizeof(sum), p->sha256);
        *ret = TAKE_PTR(p);
        return 0;
}
