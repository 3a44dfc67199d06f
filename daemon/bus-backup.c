/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "daemon/bus-backup.h"

#include <errno.h>
#include <string.h>

#include "daemon/text.h"
#include "wire/verbs.h"

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata,
        void **ret_found, sd_bus_error *e)
{
        const Bus *b = userdata;
        _cleanup_free_ char *id = NULL;
        int r;

        if (strcmp(path, PATH_BACKUPS) == 0)
                return 0;
        r = sd_bus_path_decode(path, PATH_BACKUPS, &id);
        if (r < 0)
                return r;
        *ret_found = r > 0 ? catalogue_find(store_catalogue(b->manager->store), id) : NULL;
        if (*ret_found)
                return 1;
        return bus_error_setf(e, ERROR_NO_SUCH_BACKUP, "There is no backup \"%.64s\".", id ?: path);
}

static char *nth_path(const Bus *b, size_t i)
{
        return bus_backup_path(store_catalogue(b->manager->store)->backups[i]);
}

static int enumerate(
        sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes, sd_bus_error *e)
{
        const Bus *b = userdata;

        return bus_nodes(b, store_catalogue(b->manager->store)->n, nth_path, ret_nodes);
}

/* ---- methods ---- */

/* 1 he may; else what the handler has to return is in *ret */
static bool check(Bus *b, sd_bus_message *m, const Backup *backup, const char *action, int *ret,
        sd_bus_error *e)
{
        uid_t uid;

        *ret = authorize_caller(b->authorize, m, &uid, e);
        if (*ret > 0 && (!backup || uid != backup->owner))
                *ret = authorize_action(b->authorize, m, uid, action, e);
        if (*ret > 0)
                return true;
        if (*ret == 0)
                *ret = 1;
        return false;
}

static int parts_begin(sd_bus_message *reply)
{
        return sd_bus_message_open_container(reply, 'a', "(ssttsss)");
}

static int parts_add(sd_bus_message *reply, const Message *m)
{
        char name[128], region[32], class[32], status[32], sha256[80];
        uint64_t offset = 0, size = 0;

        if (!message_is(m, VERB_PART))
                return 0;
        text_copy(name, sizeof name, message_text(m, "NAME"));
        text_copy(region, sizeof region, message_text(m, "REGION"));
        text_copy(class, sizeof class, message_text(m, "CLASS"));
        text_copy(status, sizeof status, message_text(m, "STATUS"));
        text_copy(sha256, sizeof sha256, message_text(m, "SHA256"));
        (void)message_get_u64(m, "OFFSET", UINT64_MAX, &offset);
        (void)message_get_u64(m, "SIZE", UINT64_MAX, &size);
        return sd_bus_message_append(
                reply, "(ssttsss)", name, region, offset, size, class, status, sha256);
}

static int method_parts(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        static const CallOps ops = {
                .begin = parts_begin, .add = parts_add, .end = sd_bus_message_close_container
        };
        const Backup *backup = userdata;
        Bus *b = bus_of(m);
        Message run;
        int r;

        /* what is in it tells about its owner's phone: free for who made it */
        if (!check(b, m, backup, ACTION_READ_OTHER, &r, e))
                return r;
        operation_message(&run, "parts");
        message_add(&run, "BACKUP", backup->id);
        return calls_start(&b->calls, b->manager->store, m, &run, &ops, e);
}

static int method_export(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        static const char *const formats[] = { "raw", "rom", "simg", "zst", "map", "manifest" };
        const Backup *backup = userdata;
        const char *part, *format;
        Bus *b = bus_of(m);
        bool known = false;
        Message run;
        int file, r = sd_bus_message_read(m, "ssh", &part, &format, &file);

        if (r >= 0)
                r = bus_read_no_options(m, e);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(formats); i++)
                known = known || strcmp(formats[i], format) == 0;
        if (!known)
                return bus_error_setf(e, ERROR_INVALID_OPTION,
                        "There is no format \"%.32s\"; there are raw, rom, simg, zst, map and "
                        "manifest.",
                        format);
        /* the manifest tells no more than Parts: free for who made the backup */
        bool manifest = strcmp(format, "manifest") == 0;
        if (!check(b, m, manifest ? backup : NULL, manifest ? ACTION_READ_OTHER : ACTION_EXPORT, &r,
                    e))
                return r;
        operation_message(&run, "export");
        message_add(&run, "BACKUP", backup->id);
        message_add(&run, "PART", part);
        message_add(&run, "FORMAT", format);
        message_add_fd(&run, file);
        return calls_start(&b->calls, b->manager->store, m, &run, NULL, e);
}

static int method_delete(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const Backup *backup = userdata;
        Bus *b = bus_of(m);
        Message run;
        int r = bus_read_no_options(m, e);

        if (r < 0)
                return r;
        if (!check(b, m, NULL, ACTION_DELETE, &r, e))
                return r;
        operation_message(&run, "delete");
        message_add(&run, "BACKUP", backup->id);
        return calls_start(&b->calls, b->manager->store, m, &run, NULL, e);
}

/* ---- properties ---- */

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        const Backup *b = userdata;
        const BusText texts[] = {
                { "Id", b->id },
                { "Name", b->name },
                { "DeviceKey", b->device_key },
                { "Chip", b->chip },
                { "Kind", b->kind },
                { "Result", b->result },
                { "Profile", b->profile },
                { "Verified", b->verified },
        };

        return bus_append_text(reply, property, texts, ELEMENTS(texts));
}

static int get_owner(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *e)
{
        return sd_bus_message_append(reply, "u", (uint32_t)((const Backup *)userdata)->owner);
}

#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Parts", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssttsss)", parts),
                method_parts, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Export",
                SD_BUS_ARGS("s", part, "s", format, "h", file, "a{sv}", options), SD_BUS_NO_RESULT,
                method_export, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Delete", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                method_delete, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("DeviceKey", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Sequence", "u", NULL, offsetof(Backup, seq), CONSTANT),
        SD_BUS_PROPERTY("Chip", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Kind", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Result", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Profile", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("StartedAt", "t", NULL, offsetof(Backup, start), CONSTANT),
        SD_BUS_PROPERTY("FinishedAt", "t", NULL, offsetof(Backup, end), CONSTANT),
        SD_BUS_PROPERTY("Size", "t", NULL, offsetof(Backup, size), CONSTANT),
        SD_BUS_PROPERTY("NewBytes", "t", NULL, offsetof(Backup, new_bytes), CONSTANT),
        SD_BUS_PROPERTY("StoredBytes", "t", NULL, offsetof(Backup, stored), CONSTANT),
        SD_BUS_PROPERTY("PartCount", "u", NULL, offsetof(Backup, parts), CONSTANT),
        SD_BUS_PROPERTY("Verified", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("VerifiedAt", "t", NULL, offsetof(Backup, verified_at), CHANGES),
        SD_BUS_PROPERTY("OwnerUID", "u", get_owner, 0, CONSTANT),
        SD_BUS_VTABLE_END,
};

int bus_add_backups(Bus *b)
{
        int r = sd_bus_add_fallback_vtable(
                b->bus, NULL, PATH_BACKUPS, IFACE_BACKUP, vtable, find, b);

        return r < 0 ? r : sd_bus_add_node_enumerator(b->bus, NULL, PATH_BACKUPS, enumerate, b);
}

/* ---- what the store tells of its backups ---- */

static void on_added(void *userdata, Backup *backup)
{
        _cleanup_free_ char *path = bus_backup_path(backup);
        Bus *b = userdata;

        if (!b->bus || !path)
                return;
        (void)sd_bus_emit_object_added(b->bus, path);
        bus_counts_changed(b);
}

static void on_changed(void *userdata, Backup *backup)
{
        _cleanup_free_ char *path = bus_backup_path(backup);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_properties_changed(
                        b->bus, path, IFACE_BACKUP, "Verified", "VerifiedAt", NULL);
}

static void on_removed(void *userdata, Backup *backup)
{
        _cleanup_free_ char *path = bus_backup_path(backup);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_object_removed(b->bus, path);
}

static void on_committed(void *userdata, Backup *backup)
{
        _cleanup_free_ char *path = bus_backup_path(backup);
        Bus *b = userdata;

        if (b->bus && path)
                (void)sd_bus_emit_signal(b->bus, PATH_MANAGER, IFACE_MANAGER, "BackupCommitted",
                        "sso", backup->device_key, backup->id, path);
}

static void on_damaged(void *userdata, const char *text)
{
        Bus *b = userdata;

        if (b->bus)
                (void)sd_bus_emit_signal(
                        b->bus, PATH_MANAGER, IFACE_MANAGER, "StoreDamaged", "s", text);
}

const BackupEvents bus_backup_events = {
        .added = on_added,
        .changed = on_changed,
        .removed = on_removed,
        .committed = on_committed,
        .damaged = on_damaged,
};
