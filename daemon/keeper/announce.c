/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/keeper/announce.h"

#include "wire/verbs.h"

static void add_time(Message *m, const char *key, int64_t seconds)
{
        message_add_u64(m, key, (uint64_t)MAX(seconds, INT64_C(0)) * 1000000);
}

void announce_backup(Control *c, const char *type, const Manifest *manifest, const State *state)
{
        ManifestTotals totals;
        Message m;

        manifest_totals(manifest, &totals);
        message_start(&m, type);
        message_add(&m, "BACKUP", manifest->id);
        message_add(&m, "DEVICE_KEY", manifest->device.key);
        message_add_u64(&m, "SEQ", manifest->seq);
        message_add(&m, "KIND", backup_kind_to_string(manifest->kind));
        message_add(&m, "RESULT", backup_result_to_string(manifest->result));
        message_add(&m, "CHIP", manifest->device.chip);
        message_add(&m, "PROFILE", manifest->profile);
        message_add(&m, "NAME", manifest->label);
        add_time(&m, "START", manifest->start);
        add_time(&m, "END", manifest->end);
        message_add_u64(&m, "SIZE", totals.size);
        message_add_u64(&m, "NEW_BYTES", totals.new_bytes);
        message_add_u64(&m, "STORED", totals.stored_bytes_new);
        message_add_u64(&m, "PARTS", manifest->n_parts);
        message_add(&m, "VERIFIED", verified_to_string(state->verified));
        add_time(&m, "VERIFIED_AT", state->verified_at);
        message_add_u64(&m, "REQUESTED_BY", manifest->requested_by);
        message_addf(&m, "PATH", "backups/%s/%s", manifest->device.key, manifest->id);
        control_send(c, &m);
}

void announce_removed(Control *c, const char *id)
{
        Message m;

        message_start(&m, VERB_REMOVED);
        message_add(&m, "BACKUP", id);
        control_send(c, &m);
}

void announce_damage(Control *c, const char *id, const char *part, uint64_t offset, uint64_t size,
        const char *text)
{
        Message m;

        message_start(&m, VERB_DAMAGED);
        message_add(&m, "BACKUP", id);
        if (part) {
                message_add(&m, "PART", part);
                message_add_u64(&m, "OFFSET", offset);
                message_add_u64(&m, "SIZE", size);
        }
        message_add(&m, "TEXT", text);
        control_send(c, &m);
}
