/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/auto-state.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "daemon/state-file.h"
#include "daemon/text.h"

static int read_state(void *userdata, const json_t *root);

static const StateFile auto_file = {
        .name = "auto-backup.json", .size_max = AUTO_FILE_MAX, .version = 1, .read = read_state
};

struct AutoState {
        int dir;
        PolicyChoice choice;
        AutoPhone *phones;
        size_t n;
};

AutoState *auto_state_free(AutoState *s)
{
        if (!s)
                return NULL;
        fd_close(s->dir);
        free(s->phones);
        free(s);
        return NULL;
}

/* ---- the file ---- */

static json_t *phone_to_json(const AutoPhone *p)
{
        return json_pack("{ss ss ss sb sI sI}", "mark", p->mark, "chip", p->chip, "key", p->key,
                "refused", p->refused, "uid", (json_int_t)p->uid, "since", (json_int_t)p->since);
}

static int save(const AutoState *s)
{
        json_t *phones = json_array();

        for (size_t i = 0; phones && i < s->n; i++)
                if (json_array_append_new(phones, phone_to_json(s->phones + i)) < 0) {
                        json_decref(phones);
                        return -ENOMEM;
                }
        return state_file_save(s->dir, &auto_file,
                json_pack("{si ss so}", "version", auto_file.version, "switch",
                        policy_choice_to_string(s->choice), "phones", phones));
}

static int phone_from_json(json_t *json, AutoPhone *ret)
{
        const char *mark, *chip, *key;
        json_int_t uid, since;
        AutoPhone p = { 0 };
        int refused;

        if (json_unpack(json, "{ss ss ss sb sI sI}", "mark", &mark, "chip", &chip, "key", &key,
                    "refused", &refused, "uid", &uid, "since", &since) < 0)
                return -EBADMSG;
        if (!phone_mark_valid(mark) || strlen(chip) >= sizeof p.chip ||
                strlen(key) >= sizeof p.key || uid < 0 || uid >= UINT32_MAX || since < 0)
                return -EBADMSG;
        text_copy(p.mark, sizeof p.mark, mark);
        text_copy(p.chip, sizeof p.chip, chip);
        text_copy(p.key, sizeof p.key, key);
        p.refused = refused;
        p.uid = (uid_t)uid;
        p.since = (uint64_t)since;
        *ret = p;
        return 0;
}

static int read_state(void *userdata, const json_t *root)
{
        AutoState *s = userdata;
        const json_t *phones = json_object_get(root, "phones");
        const char *choice = json_string_value(json_object_get(root, "switch"));
        int value = choice ? policy_choice_from_string(choice) : -EBADMSG;
        size_t n = json_array_size(phones);

        if (value < 0 || !json_is_array(phones) || n > AUTO_PHONES_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++) {
                AutoPhone p;
                int r = phone_from_json(json_array_get(phones, i), &p);

                if (r < 0 || auto_state_find(s, p.mark))
                        return -EBADMSG;
                s->phones[s->n++] = p;
        }
        s->choice = (PolicyChoice)value;
        return 0;
}

int auto_state_open(int dir, AutoState **ret)
{
        _cleanup_(auto_state_freep) AutoState *s = calloc(1, sizeof *s);
        int bad;

        if (!s)
                return -ENOMEM;
        s->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
        if (s->dir < 0)
                return -errno;
        s->phones = calloc(AUTO_PHONES_MAX, sizeof *s->phones);
        if (!s->phones)
                return -ENOMEM;
        bad = state_file_load(dir, &auto_file, s);
        if (bad < 0)
                return bad;
        if (bad)
                s->n = 0;
        *ret = TAKE_PTR(s);
        return bad;
}

/* ---- the switch ---- */

PolicyChoice auto_state_switch(const AutoState *s)
{
        return s->choice;
}

int auto_state_set_switch(AutoState *s, PolicyChoice choice)
{
        PolicyChoice old = s->choice;
        int r;

        if (choice == old)
                return 0;
        s->choice = choice;
        r = save(s);
        if (r < 0)
                s->choice = old;
        return r;
}

/* ---- phones ---- */

static AutoPhone *find(const AutoState *s, const char *mark)
{
        for (size_t i = 0; i < s->n; i++)
                if (strcmp(s->phones[i].mark, mark) == 0)
                        return s->phones + i;
        return NULL;
}

const AutoPhone *auto_state_find(const AutoState *s, const char *mark)
{
        return find(s, mark);
}

size_t auto_state_count(const AutoState *s)
{
        return s->n;
}

const AutoPhone *auto_state_at(const AutoState *s, size_t i)
{
        assert(i < s->n);
        return s->phones + i;
}

static bool same_in_file(const AutoPhone *a, const AutoPhone *b)
{
        return strcmp(a->chip, b->chip) == 0 && strcmp(a->key, b->key) == 0 &&
                a->refused == b->refused && a->uid == b->uid && a->since == b->since;
}

/* What the phones are now, to come back to; the caller frees. */
static AutoPhone *copy_phones(const AutoState *s)
{
        AutoPhone *copy = calloc(s->n + 1, sizeof *copy);

        return copy ? memcpy(copy, s->phones, s->n * sizeof *copy) : NULL;
}

/* Saves what has changed; when that fails nothing has. */
static int commit(AutoState *s, const AutoPhone *old, size_t n)
{
        int r = save(s);

        if (r == 0)
                return 0;
        memcpy(s->phones, old, n * sizeof *old);
        s->n = n;
        return r;
}

static void remove_at(AutoState *s, size_t i)
{
        s->n--;
        memmove(s->phones + i, s->phones + i + 1, (s->n - i) * sizeof *s->phones);
}

int auto_state_put(AutoState *s, const AutoPhone *phone)
{
        _cleanup_free_ AutoPhone *old = NULL;
        AutoPhone *known = find(s, phone->mark);
        size_t n = s->n;

        if (known && same_in_file(known, phone)) {
                known->saved_at = phone->saved_at;
                return 0;
        }
        old = copy_phones(s);
        if (!old)
                return -ENOMEM;
        if (!known && s->n == AUTO_PHONES_MAX)
                remove_at(s, 0);
        if (known)
                *known = *phone;
        else
                s->phones[s->n++] = *phone;
        return commit(s, old, n);
}

int auto_state_forget(AutoState *s, const char *mark)
{
        _cleanup_free_ AutoPhone *old = NULL;
        AutoPhone *known = find(s, mark);
        size_t n = s->n;

        if (!known)
                return -ENOENT;
        old = copy_phones(s);
        if (!old)
                return -ENOMEM;
        remove_at(s, (size_t)(known - s->phones));
        return commit(s, old, n);
}
