/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/agent.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "daemon/text.h"
#include "profile/chip.h"

Agent *agent_free(Agent *a)
{
        if (!a)
                return NULL;
        free(a->entries);
        free(a);
        return NULL;
}

void agent_set_name(Agent *a, const char *name)
{
        const char *slash = strrchr(name, '/');
        size_t n;

        snprintf(a->name, sizeof a->name, "%s", slash ? slash + 1 : name);
        n = strlen(a->name);
        if (n > 4 && strcasecmp(a->name + n - 4, ".bin") == 0)
                a->name[n - 4] = 0;
        for (char *p = a->name; *p; p++)
                if (!isascii(*p) || (!isalnum((unsigned char)*p) && !strchr("._-", *p)))
                        *p = '_';
        if (a->name[0] == '.')
                a->name[0] = '_';
        if (a->name[0] == 0)
                snprintf(a->name, sizeof a->name, "agent");
}

int agent_set_sha256(Agent *a, const char *sha256)
{
        if (strlen(sha256) != 64 || strspn(sha256, "0123456789abcdef") != 64)
                return -EBADMSG;
        memcpy(a->sha256, sha256, sizeof a->sha256);
        memcpy(a->id, sha256, AGENT_ID_LENGTH);
        return 0;
}

static int get_u16(const Message *m, const char *key, uint16_t *ret)
{
        uint64_t v = 0;
        int r = message_get_u64(m, key, UINT16_MAX, &v);

        *ret = (uint16_t)v;
        return r == -ENOENT ? 0 : r;
}

int agent_add_entry(Agent *a, const Message *m)
{
        AgentEntry e = { 0 }, *grown;
        int r = get_u16(m, "HW_CODE", &e.hw_code);

        r = r ?: get_u16(m, "HW_SUB", &e.hw_sub);
        r = r ?: get_u16(m, "HW_VER", &e.hw_ver);
        r = r ?: get_u16(m, "SW_VER", &e.sw_ver);
        if (r < 0)
                return r;
        if (a->n_entries == AGENT_ENTRIES_MAX)
                return -E2BIG;
        grown = reallocarray(a->entries, a->n_entries + 1, sizeof *grown);
        if (!grown)
                return -ENOMEM;
        text_copy(e.protocol, sizeof e.protocol, message_text(m, "PROTOCOL"));
        if (a->description[0] == 0)
                text_copy(a->description, sizeof a->description, message_text(m, "DESCRIPTION"));
        a->entries = grown;
        a->entries[a->n_entries++] = e;
        return 0;
}

static uint64_t entry_grade(const AgentEntry *e, const AgentWanted *w)
{
        if (e->hw_code == 0 || (e->hw_code != w->da_code && e->hw_code != w->hw_code))
                return 0;
        if (e->hw_ver == w->hw_ver && e->sw_ver == w->sw_ver)
                return UINT64_C(3) << 32;
        if (e->hw_ver <= w->hw_ver && e->sw_ver <= w->sw_ver)
                return (UINT64_C(2) << 32) + ((uint32_t)e->hw_ver << 16) + e->sw_ver;
        return UINT64_C(1) << 32;
}

uint64_t agent_grade(const Agent *a, const AgentWanted *w)
{
        uint64_t best = 0;

        if (strcmp(w->pattern, "auto") != 0 && fnmatch(w->pattern, a->name, 0) != 0)
                return 0;
        for (size_t i = 0; i < a->n_entries; i++)
                best = MAX(best, entry_grade(a->entries + i, w));
        return best;
}

bool agent_is_preloader(const Agent *a)
{
        return a->n_entries > 0 && strcmp(a->entries[0].protocol, "preloader") == 0;
}

static bool has_code(const Agent *a, const Chip *chip)
{
        for (size_t i = 0; i < a->n_entries; i++)
                if (a->entries[i].hw_code != 0 &&
                        (a->entries[i].hw_code == chip->da_code ||
                                a->entries[i].hw_code == chip->hw_code))
                        return true;
        return false;
}

/* Several codes go by one name. */
static bool has_name(const char *const *names, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return false;
}

size_t agent_chips(const Agent *a, const char *ret[static AGENT_CHIPS_MAX + 1])
{
        size_t n = 0;

        for (size_t i = 0; i < chip_count() && n < AGENT_CHIPS_MAX; i++)
                if (has_code(a, chip_at(i)) && !has_name(ret, n, chip_at(i)->name))
                        ret[n++] = chip_at(i)->name;
        ret[n] = NULL;
        return n;
}
