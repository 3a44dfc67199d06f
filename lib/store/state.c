/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/state.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "basic/table.h"
#include "store/time-text.h"

enum { STATE_SIZE_MAX = 64 * 1024 };

static const char *const verified_names[_VERIFIED_MAX] = {
        [VERIFIED_NEVER] = "",
        [VERIFIED_OK] = "ok",
        [VERIFIED_DAMAGED] = "damaged",
};
DEFINE_TABLE(verified, Verified, verified_names)

void state_file(const char *id, char *out)
{
        snprintf(out, BACKUP_ID_SIZE + 11, "%s.state.json", id);
}

/* The check is the start of the SHA-256 of the object without it, in its shortest sorted form. */
static int make_check(json_t *root, char out[17])
{
        uint8_t sum[SHA256_SIZE];
        char *text;

        text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
        if (!text)
                return -ENOMEM;
        digest_of(DIGEST_SHA256, text, strlen(text), sum);
        free(text);
        hex_encode(sum, 8, out);
        return 0;
}

/* ---- reading ---- */

static int take_state(json_t *root, const char *id, State *s)
{
        const char *backup = json_string_value(json_object_get(root, "backup"));
        const char *check = json_string_value(json_object_get(root, "check"));
        const char *note = json_string_value(json_object_get(root, "note"));
        json_t *verified = json_object_get(root, "verified");
        char want[17], have[17];

        if (!backup || strcmp(backup, id) != 0 || !check || strlen(check) != 16)
                return -EBADMSG;
        strcpy(have, check);
        if (json_object_del(root, "check") < 0 || make_check(root, want) < 0 ||
                strcmp(have, want) != 0)
                return -EBADMSG;

        s->pinned = json_is_true(json_object_get(root, "pinned"));
        snprintf(s->note, sizeof s->note, "%s", note ? note : "");
        if (verified) {
                const char *result = json_string_value(json_object_get(verified, "result"));
                const char *level = json_string_value(json_object_get(verified, "level"));
                const char *time = json_string_value(json_object_get(verified, "time"));
                json_int_t damaged = json_integer_value(json_object_get(verified, "damaged"));
                int value = result ? verified_from_string(result) : -ENOENT;

                if (value < 0 || !level || !time || damaged < 0 ||
                        time_text_parse(time, &s->verified_at) < 0)
                        return -EBADMSG;
                s->verified = (Verified)value;
                s->damaged = (uint64_t)damaged;
                snprintf(s->level, sizeof s->level, "%s", level);
        }
        return 0;
}

int state_read(int device, const char *id, State *ret)
{
        _cleanup_free_ char *text = NULL;
        char file[BACKUP_ID_SIZE + 11];
        State s = {};
        json_t *root;
        size_t size;
        int r;

        *ret = s;
        state_file(id, file);
        r = file_read_at(device, file, STATE_SIZE_MAX, &text, &size);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return r == -EFBIG || r == -EINVAL ? -EBADMSG : r;
        root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        if (!root)
                return -EBADMSG;
        r = take_state(root, id, &s);
        json_decref(root);
        if (r == 0)
                *ret = s;
        return r;
}

/* ---- writing ---- */

static json_t *make_state(const char *id, const State *s)
{
        char time[TIME_TEXT_SIZE], check[17];
        json_t *root;

        time_text_format(s->verified_at, time);
        root = json_pack(
                "{s:s, s:b, s:s}", "backup", id, "pinned", (int)s->pinned, "note", s->note);
        if (!root)
                return NULL;
        if (s->verified != VERIFIED_NEVER &&
                json_object_set_new(root, "verified",
                        json_pack("{s:s, s:s, s:s, s:I}", "result", verified_to_string(s->verified),
                                "level", s->level, "time", time, "damaged",
                                (json_int_t)s->damaged)) < 0) {
                json_decref(root);
                return NULL;
        }
        if (make_check(root, check) < 0 ||
                json_object_set_new(root, "check", json_string(check)) < 0) {
                json_decref(root);
                return NULL;
        }
        return root;
}

int state_write(int device, const char *id, const State *s)
{
        json_t *root = make_state(id, s);
        char file[BACKUP_ID_SIZE + 11];
        char *text;
        int r;

        if (!root)
                return -ENOMEM;
        text = json_dumps(root, JSON_INDENT(1) | JSON_SORT_KEYS);
        json_decref(root);
        if (!text)
                return -ENOMEM;
        state_file(id, file);
        r = file_replace_at(device, file, text, strlen(text), 0600);
        free(text);
        return r;
}
